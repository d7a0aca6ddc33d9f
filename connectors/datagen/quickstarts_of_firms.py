"""Quickstarts about firms and their people: fleets, insurance, games, payrolls."""

from __future__ import annotations

from collections.abc import Callable

from connectors.datagen.notation import Node, between, count, day, matching, one_of, one_of_rows, record
from connectors.datagen.people import addresses, numbers, people

_BEGIN = 1609459200000
"""The start of the year 2021 in milliseconds since the epoch."""


def _fleet_mgmt_description() -> Node:
    return record(
        "fleet_mgmt.description",
        vehicle_id=between(1000, 9999),
        driver_name=one_of([person.full_name for person in people(100)]),
        license_plate=matching(r"[A-Z]{2}\d{6}[A-Z]"),
    )


def _fleet_mgmt_location() -> Node:
    location = record(
        "fleet_mgmt.position", latitude=between(-90.0, 90.0, "double"), longitude=between(-180.0, 180.0, "double")
    )
    ts = count(_BEGIN, 100000, logical="timestamp-millis")
    return record("fleet_mgmt.location", vehicle_id=between(1000, 9999), location=location, ts=ts)


def _fleet_mgmt_sensors() -> Node:
    return record(
        "fleet_mgmt.sensors",
        vehicle_id=between(1000, 9999),
        engine_temperature=between(150, 250),
        average_rpm=between(1800, 5000),
    )


def _insurance_offers() -> Node:
    names = ("new_customer", "safe_driver", "loyalty", "second_car", "home_and_car")
    rows = [(number, name, f"https://insurance.example.com/{name}") for number, name in enumerate(names, 1)]
    return one_of_rows("insurance.offers", rows, offer_id="int", offer_name="string", offer_url="string")


def _insurance_customers() -> Node:
    incomes, scores, years = numbers(150, 20000, 250000, 6), numbers(150, 400, 850, 7), numbers(150, 0, 30, 8)
    rows = [
        (person.number + 1, person.first_name, person.last_name, person.email, person.gender, income, score, active)
        for person, income, score, active in zip(people(150), incomes, scores, years, strict=True)
    ]
    texts = dict.fromkeys(("first_name", "last_name", "email", "gender"), "string")
    rest = dict.fromkeys(("income", "fico", "years_active"), "int")
    return one_of_rows("insurance.customers", rows, customer_id="int", **texts, **rest)


def _insurance_customer_activity() -> Node:
    return record(
        "insurance.customer_activity",
        activity_id=count(1, type="int"),
        customer_id=one_of(range(1, 151), "int"),
        activity_type=one_of(("web_open", "mobile_open", "new_account")),
        propensity_to_churn=between(0.01, 1, "double"),
        ip_address=one_of(addresses(50, "192.0")),
    )


def _gaming_games() -> Node:
    rooms = ("Arena", "Bastion", "Castle", "Dungeon", "Everest", "Frontier", "Glacier", "Harbour", "Island")
    created = count(_BEGIN, 100000, logical="timestamp-millis")
    return record("gaming.games", id=between(1000, 5000), room_name=one_of(rooms), created_date=created)


def _gaming_players() -> Node:
    rows = [(1001 + person.number, person.full_name, addresses(100)[person.number]) for person in people(100)]
    return one_of_rows("gaming.players", rows, player_id="int", player_name="string", ip="string")


def _gaming_player_activity() -> Node:
    return record(
        "gaming.player_activity",
        player_id=between(1001, 1101),
        game_room_id=between(1000, 5000),
        points=between(10, 500),
        coordinates=matching(r"\[\d\d,\d\d\]"),
    )


def _payroll_employee() -> Node:
    ages, wages = numbers(100, 18, 65, 9), numbers(100, 15, 90, 10)
    rows = [
        (
            *(1000 + person.number, person.first_name, person.last_name, age, f"000-00-{person.number:04d}"),
            *(wage, person.gender, person.email),
        )
        for person, age, wage in zip(people(100), ages, wages, strict=True)
    ]
    return one_of_rows(
        "payroll.employee",
        rows,
        employee_id="int",
        first_name="string",
        last_name="string",
        age="int",
        ssn="string",
        hourly_rate="int",
        gender="string",
        email="string",
    )


def _payroll_employee_location() -> Node:
    return record(
        "payroll.employee_location",
        employee_id=between(1000, 1100),
        lab=matching(r"lab-\d{1}"),
        department_id=between(1, 10),
        arrival_date=day(18000, 19000),
    )


def _payroll_bonus() -> Node:
    ts = count(_BEGIN, 100000, logical="timestamp-millis")
    return record("payroll.bonus", employee_id=between(1000, 1100), bonus=between(10, 50), ts=ts)


QUICKSTARTS: dict[str, tuple[str, Callable[[], Node]]] = {
    "fleet_mgmt_description": ("vehicle_id", _fleet_mgmt_description),
    "fleet_mgmt_location": ("vehicle_id", _fleet_mgmt_location),
    "fleet_mgmt_sensors": ("vehicle_id", _fleet_mgmt_sensors),
    "insurance_offers": ("offer_id", _insurance_offers),
    "insurance_customers": ("customer_id", _insurance_customers),
    "insurance_customer_activity": ("activity_id", _insurance_customer_activity),
    "gaming_games": ("id", _gaming_games),
    "gaming_players": ("player_id", _gaming_players),
    "gaming_player_activity": ("player_id", _gaming_player_activity),
    "payroll_employee": ("employee_id", _payroll_employee),
    "payroll_employee_location": ("employee_id", _payroll_employee_location),
    "payroll_bonus": ("employee_id", _payroll_bonus),
}
