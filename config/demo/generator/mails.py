"""The two mails of the demo, in MJML with Liquid. Colour and words only: nothing is loaded.

`SHOP_URL` stands for the address of the demo shop, with its final slash.
"""

from __future__ import annotations

_HEAD = """<mjml>
  <mj-head>
    <mj-title>Cairnway Outdoor</mj-title>
    <mj-preview>PREHEADER</mj-preview>
    <mj-attributes>
      <mj-all font-family="Georgia, 'Times New Roman', serif" />
      <mj-text font-size="16px" line-height="26px" color="#2c332e" padding="8px 32px" />
      <mj-button background-color="#2f5d50" color="#ffffff" border-radius="6px" font-size="16px"
        inner-padding="14px 26px" padding="16px 32px" align="left" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#eef0ea" width="600px">
    <mj-section background-color="#2f5d50" padding="22px 0">
      <mj-column>
        <mj-text color="#ffffff" font-size="20px" letter-spacing="1px">CAIRNWAY OUTDOOR</mj-text>
      </mj-column>
    </mj-section>
"""

_FOOT = """
    <mj-section padding="18px 0 28px">
      <mj-column>
        <mj-text font-size="13px" line-height="20px" color="#5b645d">
          You get this because you asked for our letters.
          <a href="{{ unsubscribe_url }}" style="color:#2f5d50">Unsubscribe</a> or
          <a href="{{ preferences_url }}" style="color:#2f5d50">choose what we send</a>.
        </mj-text>
        <mj-text font-size="13px" line-height="20px" color="#5b645d">
          {{ postal_address }}
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""

_TEXT_FOOT = """
--
You get this because you asked for our letters.
Unsubscribe: {{ unsubscribe_url }}
Choose what we send: {{ preferences_url }}
{{ postal_address }}
"""

WINTER_SUBJECT = "{{ customer.first_name | default: 'Hello' }}, put your tent to bed for the winter"
WINTER_PREHEADER = "Ten minutes now, and it pitches dry in spring."
_WINTER = """
    <mj-section background-color="#d9e4dd" padding="36px 0">
      <mj-column>
        <mj-text font-size="30px" line-height="38px" color="#1f3d35">
          Winter care for your tent
        </mj-text>
        <mj-text>Ten minutes now, and it pitches dry in spring.</mj-text>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="24px 0">
      <mj-column>
        <mj-text>Dear {{ customer.first_name | default: "friend of the outdoors" }},</mj-text>
        <mj-text>
          A tent that is put away damp comes back with spots. Three things help:
        </mj-text>
        <mj-text>
          <b>1. Air it for a day.</b> Indoors over a chair will do
          {% if customer.city %}if it rains in {{ customer.city }}{% else %}if it rains{% endif %}.
        </mj-text>
        <mj-text>
          <b>2. Brush, do not wash.</b> Lukewarm water and a sponge for the worst of it; soap takes
          the coating off.
        </mj-text>
        <mj-text>
          <b>3. Store it loose.</b> A big cotton bag is kinder to the cloth than its own tight sack.
        </mj-text>
        <mj-button href="SHOP_URL">See care and repair</mj-button>
        <mj-text>
          {% if customer.plan == "summit" %}As a Summit member you may bring it in: we reseal the
          seams at no charge.
          {% else %}No room to dry it? Any of our stores will hang it up.{% endif %}
        </mj-text>
      </mj-column>
    </mj-section>
"""
_WINTER_TEXT = """Dear {{ customer.first_name | default: "friend of the outdoors" }},

A tent that is put away damp comes back with spots. Three things help:

1. Air it for a day, indoors over a chair if it rains.
2. Brush, do not wash: soap takes the coating off.
3. Store it loose, in a big cotton bag.

Care and repair: SHOP_URL
"""

BOOTS_SUBJECT = (
    "{{ customer.first_name | default: 'Hello' }}, the path to the tent is half the trip"
)
BOOTS_PREHEADER = "Three pairs that walk as well as your tent stands."
_BOOTS = """
    <mj-section background-color="#e7d9c4" padding="36px 0">
      <mj-column>
        <mj-text font-size="30px" line-height="38px" color="#4a3520">Boots for tent people</mj-text>
        <mj-text>Three pairs that walk as well as your tent stands.</mj-text>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="24px 0 8px">
      <mj-column>
        <mj-text>Hello {{ customer.first_name | default: "there" }},</mj-text>
        <mj-text>
          You have the roof. Here is what carries you to it, picked by those who tried them all.
        </mj-text>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="8px 20px 24px">
      <mj-column background-color="#f4f1ea" padding="12px 0">
        <mj-text padding="6px 14px"><b>Scree Mid</b></mj-text>
        <mj-text padding="6px 14px" font-size="14px" line-height="21px">
          Wet grass, gravel, a full day. 4.6 of 5 from 301 walkers.
        </mj-text>
      </mj-column>
      <mj-column background-color="#e3e9e1" padding="12px 0">
        <mj-text padding="6px 14px"><b>Ridgefoot GT</b></mj-text>
        <mj-text padding="6px 14px" font-size="14px" line-height="21px">
          For a heavy pack and a long week. 4.8 of 5 from 176.
        </mj-text>
      </mj-column>
      <mj-column background-color="#f4f1ea" padding="12px 0">
        <mj-text padding="6px 14px"><b>Old Drover</b></mj-text>
        <mj-text padding="6px 14px" font-size="14px" line-height="21px">
          Leather, resoled as often as you like. 4.7 of 5 from 143.
        </mj-text>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="0 0 24px">
      <mj-column>
        <mj-text>
          {% if customer.shoe_size %}All three are there in size {{ customer.shoe_size }}.
          {% else %}All three come in sizes 35 to 48, halves too.{% endif %}
        </mj-text>
        <mj-button href="SHOP_URL">Try a pair</mj-button>
        <mj-text font-size="14px">Not right? Walk in them for thirty days, then decide.</mj-text>
      </mj-column>
    </mj-section>
"""
_BOOTS_TEXT = """Hello {{ customer.first_name | default: "there" }},

You have the roof. Here is what carries you to it:

- Scree Mid: wet grass, gravel, a full day.
- Ridgefoot GT: for a heavy pack and a long week.
- Old Drover: leather, resoled as often as you like.
{% if customer.shoe_size %}
All three are there in size {{ customer.shoe_size }}.
{% endif %}
Try a pair: SHOP_URL
Not right? Walk in them for thirty days, then decide.
"""


def _content(subject: str, preheader: str, body: str, text: str, shop_url: str) -> dict[str, str]:
    mjml = _HEAD.replace("PREHEADER", preheader) + body + _FOOT
    return {
        "subject": subject,
        "mjml": mjml.replace("SHOP_URL", shop_url),
        "text": (text + _TEXT_FOOT).replace("SHOP_URL", shop_url),
    }


def winter(shop_url: str) -> dict[str, str]:
    """`subject`, `mjml` and `text` of "Winter care for your tent"."""
    return _content(WINTER_SUBJECT, WINTER_PREHEADER, _WINTER, _WINTER_TEXT, shop_url)


def boots(shop_url: str) -> dict[str, str]:
    """`subject`, `mjml` and `text` of "Boots for tent people"; `shop_url` should show the boots."""
    return _content(BOOTS_SUBJECT, BOOTS_PREHEADER, _BOOTS, _BOOTS_TEXT, shop_url)
