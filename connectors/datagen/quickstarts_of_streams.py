"""Quickstarts of the stream processing tutorials: ratings, users, page views, clicks, orders, trades."""

from __future__ import annotations

from collections.abc import Callable

from connectors.datagen.notation import Node, array, between, count, matching, one_of, one_of_rows, record
from connectors.datagen.people import CITIES, FIRST_NAMES, LAST_NAMES, addresses, people

_USER = "User_[1-9]"
_REGISTERED = (1487715775521, 1519273364600)
_COMMENTS = (
    "Boarding took twenty minutes. Lovely!",
    "The seat was fine, the coffee wasn't",
    "Why is there a queue for the queue?",
    "My bag had a longer holiday than me",
    "crew were brilliant, thank you",
    "delayed again, third time this month",
    "Best view of the Alps I ever had",
    "is this plane older than my grandmother?",
    "no food left at row 30",
    "Smooth landing, would fly again",
    "the app says boarding, the gate says nothing",
)


def _ratings() -> Node:
    return record(
        "ksql.ratings",
        rating_id=count(1),
        user_id=between(-1, 20),
        stars=between(1, 5),
        route_id=between(1, 9999),
        rating_time=count(1, 12),
        channel=one_of(("web", "iOS", "ios", "iOS-test", "android")),
        message=one_of(_COMMENTS),
    )


def _user_fields() -> dict[str, Node]:
    return {
        "registertime": between(*_REGISTERED, "long"),
        "userid": matching(_USER),
        "regionid": matching("Region_[1-9]"),
        "gender": one_of(("MALE", "FEMALE", "OTHER")),
    }


def _users() -> Node:
    return record("ksql.users", **_user_fields())


def _users_with_details() -> Node:
    cards = [
        {"phone": f"555010{number:04d}", "city": city, "state": state, "zipcode": f"{10000 + 1111 * number}"}
        for number, (city, state) in enumerate(CITIES)
    ]
    contact = {"type": "map", "values": "string", "arg.properties": {"options": cards}}
    interests = array(one_of(("Games", "Sport", "News", "Travel", "Movies", "Cooking")), 1, 4)
    return record("ksql.users", **_user_fields(), interests=interests, contactinfo=contact)


def _pageviews() -> Node:
    return record("ksql.pageviews", viewtime=count(1, 10), userid=matching(_USER), pageid=matching("Page_[1-9][0-9]"))


def _orders() -> Node:
    address = record(
        "ksql.address",
        city=matching("City_[1-9]{0,2}"),
        state=matching("State_[1-9]{0,2}"),
        zipcode=between(10000, 99999, "long"),
    )
    return record(
        "ksql.orders",
        ordertime=between(*_REGISTERED, "long"),
        orderid=count(0, type="int"),
        itemid=matching("Item_[1-9][0-9]{0,2}"),
        orderunits=between(0.1, 10.0, "double"),
        address=address,
    )


def _stock_trades() -> Node:
    return record(
        "ksql.StockTrade",
        side=one_of(("BUY", "SELL")),
        quantity=between(1, 5000),
        symbol=one_of(("ZTEST", "ZVZZT", "ZWZZT", "ZXZZT", "ZBZX", "ZJZZT", "ZVV")),
        price=between(5, 1000),
        account=one_of(("ABC123", "LMN456", "XYZ789")),
        userid=matching(_USER),
    )


def _clickstream() -> Node:
    requests = (
        "GET /index.html HTTP/1.1",
        "GET /images/logo-small.png HTTP/1.1",
        "GET /site/login.html HTTP/1.1",
        "GET /site/user_status.html HTTP/1.1",
        "GET /images/track.png HTTP/1.1",
        "POST /site/search HTTP/1.1",
    )
    agents = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (compatible; examplebot/2.1)",
    )
    return record(
        "clickstream.events",
        ip=one_of(addresses(40, "198.51")),
        userid=between(-1, 40),
        remote_user=one_of(("-",)),
        time=count(1, 10, "string"),
        _time=count(1, 10),
        request=one_of(requests),
        status=one_of(("200", "302", "404", "405", "406", "407")),
        bytes=one_of(("278", "1289", "2048", "4006", "4196", "14096", "27895")),
        referrer=one_of(("-",)),
        agent=one_of(agents),
    )


def _clickstream_codes() -> Node:
    rows = (
        (200, "Successful"),
        (302, "Redirect"),
        (404, "Page not found"),
        (405, "Method not allowed"),
        (406, "Not acceptable"),
        (407, "Proxy authentication required"),
    )
    return one_of_rows("clickstream.codes", rows, code="int", definition="string")


def _clickstream_users() -> Node:
    return record(
        "clickstream.users",
        user_id=count(1, type="int"),
        username=one_of([f"{person.first_name.lower()}_{person.number}" for person in people(18)]),
        registered_at=between(1407645661000, 1520000000000, "long"),
        first_name=one_of(FIRST_NAMES[:12]),
        last_name=one_of(LAST_NAMES[:12]),
        city=one_of([city for city, _ in CITIES[:6]]),
        level=one_of(("Gold", "Silver", "Platinum")),
    )


def _campaign_finance() -> Node:
    return record(
        "datagen.example.campaign_finance",
        time=count(1, 10),
        candidate_id=matching("[A-Z][1-9]{8,8}"),
        party_affiliation=one_of(("REP", "DEM", "IND")),
        contribution=between(20, 3500),
    )


QUICKSTARTS: dict[str, tuple[str, Callable[[], Node]]] = {
    "ratings": ("rating_id", _ratings),
    "users": ("userid", _users),
    "users_": ("userid", _users_with_details),
    "pageviews": ("viewtime", _pageviews),
    "orders": ("orderid", _orders),
    "stock_trades": ("symbol", _stock_trades),
    "clickstream": ("ip", _clickstream),
    "clickstream_codes": ("code", _clickstream_codes),
    "clickstream_users": ("user_id", _clickstream_users),
    "campaign_finance": ("candidate_id", _campaign_finance),
}
