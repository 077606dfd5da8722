"""The private servers themselves."""

from __future__ import annotations

import amqp
import psycopg
import pytest

from ops.local import rabbitmq
from shared import topology


def test_a_database_is_reachable_by_its_own_roles_only(database):
    visits, teams = (database(service, migrate=False) for service in ("visits", "teams"))
    for url in (visits.owner_url, visits.app_url, visits.vault_url, visits.verify_url):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (visits.name,)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(visits.app_url.replace(visits.name, teams.name))


def test_postgresql_is_durable_checksummed_and_loopback_only(pg):
    with psycopg.connect(pg.admin_url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]  # SHOW gives one row
            for name in ("data_checksums", "listen_addresses", "synchronous_commit", "unix_socket_directories")
        }
        provider = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname='postgres'")
        assert provider.fetchone() == ("b", "C.UTF-8")
    assert shown == {
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "synchronous_commit": "on",
        "unix_socket_directories": "",
    }


def test_a_message_reaches_exactly_the_subscribers(rabbit):
    rabbit.purge()
    with rabbitmq.connect(rabbit.uri("visits")) as connection:
        channel = connection.channel()
        channel.confirm_select()
        channel.basic_publish_confirm(amqp.Message("x"), "visits.events", "VisitRecorded.v1._._", mandatory=True)
    assert rabbitmq.depths(rabbit.admin_uri()) == {
        "visits.mirror": 0,
        "training.mirror": 0,
        "reporting.mirror": 1,
        "events.dead": 0,
    }
    rabbit.purge()


def test_a_service_cannot_write_to_the_exchange_of_another(rabbit):
    with rabbitmq.connect(rabbit.uri("visits")) as connection:
        channel = connection.channel()
        channel.confirm_select()
        with pytest.raises(amqp.AccessRefused):
            channel.basic_publish_confirm(amqp.Message("x"), "teams.events", "UnitEstablished.v1._._")


def test_a_service_can_declare_its_own_part_again(rabbit):
    with rabbitmq.connect(rabbit.uri("visits")) as connection:
        channel = connection.channel()
        arguments = dict(topology.QUEUE_ARGUMENTS)
        channel.exchange_declare("visits.events", "topic", durable=True, auto_delete=False)
        channel.queue_declare("visits.mirror", durable=True, auto_delete=False, arguments=arguments)
        channel.queue_bind("visits.mirror", "teams.events", "#")


def test_a_wiped_broker_comes_back_complete(rabbit):
    rabbit.kill()
    rabbit.wipe()
    rabbit.start()
    assert set(rabbitmq.depths(rabbit.admin_uri()).values()) == {0}
    assert rabbitmq.answers(rabbit.uri("reporting"))


def test_declaring_over_amqp_equals_the_definitions(rabbit):
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        topology.declare(connection.channel())
