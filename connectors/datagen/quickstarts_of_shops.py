"""Quickstarts about buying and selling: products, purchases, cards, pizzas, shoes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from connectors.datagen.notation import Node, array, between, count, day, decimal, matching, one_of, one_of_rows, record
from connectors.datagen.people import CITIES, addresses, hex_texts, numbers, people

_SPACE = "datagen.example"
_ITEMS = (
    *("bread", "butter", "cheese", "coffee", "flour", "honey", "milk", "noodles", "oil", "pepper", "rice", "salt"),
    *("soap", "sugar", "tea", "vinegar"),
)
_SHOE_COUNT, _SHOPPER_COUNT = 643, 301
_SHOE_ORDERS_BEGIN, _SHOE_CLICKS_BEGIN = 1609459200000, 1609457200000


def _inventory() -> Node:
    return record("ksql.inventory", id=count(), quantity=count(), productid=count())


def _product() -> Node:
    numbered = count(type="string")
    return record("ksql.product", id=count(), name=numbered, description=numbered, price=count(type="double"))


def _purchases() -> Node:
    return record(
        f"{_SPACE}.purchase",
        id=count(),
        item_type=one_of(_ITEMS),
        quantity=between(1, 10, "long"),
        price_per_unit=decimal(10, 50),
    )


def _transactions() -> Node:
    return record(
        f"{_SPACE}.transactions",
        transaction_id=count(1),
        card_id=between(1, 24, "long"),
        user_id=matching("User_[1-9]{0,1}"),
        purchase_id=count(),
        store_id=between(1, 7),
    )


def _stores() -> Node:
    rows = [(number, city, state) for number, (city, state) in enumerate(CITIES, 1)]
    return one_of_rows(f"{_SPACE}.stores", rows, store_id="int", city="string", state="string")


def _credit_cards() -> Node:
    rows = [
        (
            number,
            4000_0000_0000_0000 + 7919 * number,
            100 + 37 * number % 900,
            f"{number % 12 + 1:02d}/{30 + number % 5}",
        )
        for number in range(1, 25)
    ]
    return one_of_rows(
        f"{_SPACE}.credit_cards", rows, card_id="int", card_number="long", cvv="int", expiration_date="string"
    )


def _pizza_orders() -> Node:
    line = record(
        "pizza_orders.order_line",
        product_id=between(1, 100),
        category=one_of(("pizza", "salad", "dessert", "drinks", "starters")),
        quantity=between(1, 6),
        unit_price=between(3.0, 21.0, "double"),
        net_price=between(3.0, 100.0, "double"),
    )
    return record(
        "pizza_orders.pizza_orders",
        store_id=between(1, 10),
        store_order_id=count(1000, type="int"),
        coupon_code=between(1000, 2000),
        date=day(18000, 19000),
        status=one_of(("accepted",)),
        order_lines=array(line, 1, 6),
    )


def _pizza_orders_completed() -> Node:
    return record(
        "pizza_orders.pizza_orders_completed",
        store_id=between(1, 10),
        store_order_id=count(1000, 2, "int"),
        date=day(18000, 19000),
        status=one_of(("completed",)),
        rack_time_secs=between(130, 230),
        order_delivery_time_secs=between(1100, 2000),
    )


def _pizza_orders_cancelled() -> Node:
    return record(
        "pizza_orders.pizza_orders_cancelled",
        store_id=between(1, 10),
        store_order_id=count(1001, 2, "int"),
        date=day(18000, 19000),
        status=one_of(("cancelled",)),
    )


def _shoe_ids() -> Sequence[str]:
    return hex_texts(_SHOE_COUNT, 32, 1)


def _shopper_ids() -> Sequence[str]:
    return hex_texts(_SHOPPER_COUNT, 32, 2)


def _shoes() -> Node:
    brands = ("Alpenlauf", "Brisa", "Cordillera", "Dune", "Estrada")
    models = [f"{style} {number}" for style, number in product(("Runner", "Trail", "Court", "City"), range(1, 34))]
    prices, ratings = numbers(_SHOE_COUNT, 2995, 24995, 3), numbers(_SHOE_COUNT, 0, 50, 4)
    rows = [
        (shoe, brand, model, price, rating / 10)
        for shoe, (brand, model), price, rating in zip(
            _shoe_ids(), list(product(brands, models))[:_SHOE_COUNT], prices, ratings, strict=True
        )
    ]
    return one_of_rows(
        "shoes.shoes", rows, id="string", brand="string", name="string", sale_price="int", rating="double"
    )


def _shoe_customers() -> Node:
    rows = []
    for shopper, person in zip(_shopper_ids(), people(_SHOPPER_COUNT), strict=True):
        _, state = CITIES[person.number % len(CITIES)]
        street, zip_code = f"{person.number + 1} Main Street", f"{10000 + person.number * 251}"
        contact = (person.email, f"555-01{person.number:03d}", street, state, zip_code, "United States", "US")
        rows.append((shopper, person.first_name, person.last_name, *contact))
    names = (
        *("id", "first_name", "last_name", "email", "phone", "street_address", "state", "zip_code", "country"),
        "country_code",
    )
    return one_of_rows("shoes.customers", rows, **dict.fromkeys(names, "string"))


def _shoe_orders() -> Node:
    return record(
        "shoes.orders",
        order_id=count(1000, type="int"),
        product_id=one_of(_shoe_ids()),
        customer_id=one_of(_shopper_ids()),
        ts=count(_SHOE_ORDERS_BEGIN, 100000, logical="timestamp-millis"),
    )


def _shoe_clickstream() -> Node:
    return record(
        "shoes.clickstream",
        product_id=one_of(_shoe_ids()),
        user_id=one_of(_shopper_ids()),
        view_time=between(10, 120),
        page_url=one_of([f"https://shop.example.com/product/{page}" for page in hex_texts(50, 8, 5)]),
        ip=one_of(addresses(100, "203.0")),
        ts=count(_SHOE_CLICKS_BEGIN, 10000, logical="timestamp-millis"),
    )


QUICKSTARTS: dict[str, tuple[str, Callable[[], Node]]] = {
    "inventory": ("id", _inventory),
    "product": ("id", _product),
    "purchases": ("id", _purchases),
    "transactions": ("transaction_id", _transactions),
    "stores": ("store_id", _stores),
    "credit_cards": ("card_id", _credit_cards),
    "pizza_orders": ("store_id", _pizza_orders),
    "pizza_orders_completed": ("store_id", _pizza_orders_completed),
    "pizza_orders_cancelled": ("store_id", _pizza_orders_cancelled),
    "shoes": ("id", _shoes),
    "shoe_customers": ("id", _shoe_customers),
    "shoe_orders": ("order_id", _shoe_orders),
    "shoe_clickstream": ("product_id", _shoe_clickstream),
}
