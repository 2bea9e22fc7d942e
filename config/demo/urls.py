"""Addresses of the demo; each is not found where no demo has run."""

from django.urls import path

from config.demo import views
from config.demo.shop import views as shop

app_name = "demo"
urlpatterns = [
    path("demo/role/", views.role, name="role"),
    path("demo/traffic/", views.traffic, name="traffic"),
    path("demo/replay/", views.replay, name="replay"),
    path("demo/shop/", shop.home, name="home"),
    path("demo/shop/cart/", shop.cart, name="cart"),
    path("demo/shop/account/", shop.account, name="account"),
    path("demo/shop/welcome/", shop.welcome, name="welcome"),
    path("demo/shop/order/", shop.order, name="order"),
    path("demo/shop/thanks/", shop.thanks, name="thanks"),
    path("demo/shop/leave/", shop.leave, name="leave"),
    path("demo/shop/<slug:category>/", shop.shelf, name="shelf"),
    path("demo/shop/<slug:category>/<slug:number>/", shop.product, name="product"),
]
