"""The tags and attributes of MJML 4, after its published documentation.

The compiler drops what it does not know without a word, so the check is ours. Inner names are
written short: `padding*` stands for padding and its four sides, `inner-padding*` alike.
"""

_SIDES = ("", "-top", "-right", "-bottom", "-left")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONTAINERS = _words(
    # text between their children is Liquid that belongs into mj-raw, or is lost
    "mjml mj-head mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-attributes "
    "mj-accordion mj-accordion-element mj-carousel mj-navbar mj-social"
)
# Their content is mark-up or text of its own: tags in it are not MJML's.
ENDINGS = _words(
    "mj-text mj-button mj-table mj-raw mj-style mj-title mj-preview mj-navbar-link "
    "mj-social-element mj-accordion-title mj-accordion-text"
)

_FONT = "color font-family font-size font-style font-weight letter-spacing line-height "
_BORDER = "border border-bottom border-left border-right border-radius border-top "
_BACK = (
    "background-color background-position background-position-x background-position-y "
    "background-repeat background-size background-url "
)

_TAGS: dict[str, str] = {
    "mjml": "lang dir owa version",
    "mj-head": "",
    "mj-body": "background-color width lang dir id title",
    "mj-attributes": "",
    "mj-breakpoint": "width",
    "mj-font": "name href",
    "mj-html-attributes": "",
    "mj-selector": "path",
    "mj-html-attribute": "name",
    "mj-preview": "",
    "mj-style": "inline",
    "mj-title": "",
    "mj-raw": "position",
    "mj-accordion": _BORDER + "container-background-color font-family icon-align icon-height "
    "icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt "
    "icon-wrapped-url padding*",
    "mj-accordion-element": "background-color border font-family icon-align icon-height "
    "icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt "
    "icon-wrapped-url",
    "mj-accordion-title": "background-color " + _FONT + "padding*",
    "mj-accordion-text": "background-color " + _FONT + "padding*",
    "mj-button": _FONT + _BORDER + "align background-color container-background-color direction "
    "height href inner-padding* name padding* rel target text-align text-decoration "
    "text-transform title vertical-align width",
    "mj-carousel": "align background-color border-radius container-background-color icon-width "
    "left-icon right-icon tb-border tb-border-radius tb-hover-border-color "
    "tb-selected-border-color tb-width thumbnails padding*",
    "mj-carousel-image": "alt border-radius href rel src target tb-border tb-border-radius "
    "thumbnails-src title",
    "mj-column": _BORDER + "background-color direction inner-background-color inner-border "
    "inner-border-bottom inner-border-left inner-border-radius inner-border-right "
    "inner-border-top padding* vertical-align width",
    "mj-divider": "align border-color border-style border-width container-background-color "
    "padding* width",
    "mj-group": "background-color direction vertical-align width",
    "mj-hero": _BACK + "background-height background-width border-radius height "
    "inner-background-color inner-padding* mode padding* vertical-align "
    "container-background-color width",
    "mj-image": _BORDER + "align alt container-background-color fluid-on-mobile font-size height "
    "href max-height name padding* rel sizes src srcset target title usemap width",
    "mj-navbar": "align base-url hamburger ico-align ico-close ico-color ico-font-family "
    "ico-font-size ico-line-height ico-open ico-padding* ico-text-decoration "
    "ico-text-transform padding*",
    "mj-navbar-link": _FONT + "href name padding* rel target text-decoration text-transform",
    "mj-section": _BORDER + _BACK + "direction full-width padding* text-align text-padding",
    "mj-social": _FONT + "align border-radius container-background-color icon-height icon-padding "
    "icon-size inner-padding* mode padding* table-layout text-decoration text-padding",
    "mj-social-element": _FONT + "align alt background-color border-radius href icon-height "
    "icon-padding icon-position icon-size name padding* rel sizes src srcset target "
    "text-decoration text-padding title vertical-align",
    "mj-spacer": _BORDER + "container-background-color height padding* vertical-align width",
    "mj-table": _FONT + "align border cellpadding cellspacing container-background-color padding* "
    "role table-layout vertical-align width",
    "mj-text": _FONT + "align container-background-color direction height padding* "
    "text-decoration text-transform vertical-align",
    "mj-wrapper": _BORDER + _BACK + "direction full-width gap padding* text-align",
}
_EVERYWHERE = {"css-class", "mj-class"}


def _spelled_out(words: str) -> frozenset[str]:
    names = set(_EVERYWHERE)
    for word in words.split():
        stem = word.removesuffix("*")
        names.update(stem + side for side in (_SIDES if stem != word else ("",)))
    return frozenset(names)


ATTRIBUTES: dict[str, frozenset[str]] = {tag: _spelled_out(words) for tag, words in _TAGS.items()}
EVERY_ATTRIBUTE = frozenset().union(*ATTRIBUTES.values()) | {"name"}  # of mj-all and mj-class
