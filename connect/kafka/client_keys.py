"""What producers, consumers and admin clients can be told, as Kafka's own clients define it.

``/validate`` shows these definitions for client overrides. Values are only read, not judged: ranges and enumerations
are the client's business when it starts.
"""

from __future__ import annotations

from functools import cache

from connect.api.config_def import ConfigDef
from connect.kafka.key_table import read_keys
from connect.kafka.security_keys import OAUTH, SASL, SSL
from connect.kafka.translate import Role

_ALL = """
bootstrap.servers LIST HIGH ''  Brokers to begin with.
client.dns.lookup STRING MEDIUM use_all_dns_ips  How several addresses of a broker are used.
metadata.max.age.ms LONG LOW 300000  How often metadata is read anew, in ms.
metadata.recovery.strategy STRING LOW rebootstrap  What to do when no known broker answers.
metadata.recovery.rebootstrap.trigger.ms LONG LOW 300000  How long none may answer before that, in ms.
reconnect.backoff.ms LONG LOW 50  The first wait before connecting again, in ms.
reconnect.backoff.max.ms LONG LOW 1000  The longest wait before connecting again, in ms.
retry.backoff.ms LONG LOW 100  The first wait before a request is sent again, in ms.
retry.backoff.max.ms LONG LOW 1000  The longest wait before a request is sent again, in ms.
socket.connection.setup.timeout.ms LONG MEDIUM 10000  How long a connection may take, in ms.
socket.connection.setup.timeout.max.ms LONG MEDIUM 30000  How long a connection may take after failures, in ms.
request.timeout.ms INT MEDIUM 30000  How long to wait for an answer, in ms.
metrics.sample.window.ms LONG LOW 30000  The length of a metrics sample, in ms.
metrics.num.samples INT LOW 2  How many samples make a metric.
metrics.recording.level STRING LOW INFO  How many metrics are kept.
metric.reporters LIST LOW org.apache.kafka.common.metrics.JmxReporter  Classes that pass metrics on.
enable.metrics.push BOOLEAN LOW true  Whether the cluster may ask for the client's metrics.
security.protocol STRING MEDIUM PLAINTEXT  PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
security.providers STRING LOW -  JVM security providers.
"""

_PRODUCER = """
client.id STRING MEDIUM ''  The name by which brokers know the client.
send.buffer.bytes INT MEDIUM 131072  The socket's send buffer.
receive.buffer.bytes INT MEDIUM 32768  The socket's receive buffer.
connections.max.idle.ms LONG MEDIUM 540000  When an idle connection is closed, in ms.
buffer.memory LONG HIGH 33554432  Bytes of records that may wait to be sent.
retries INT HIGH 2147483647  How often a record is sent again.
acks STRING LOW all  Which replicas must have a record before it counts as sent.
compression.type STRING HIGH none  none, gzip, snappy, lz4 or zstd.
compression.gzip.level INT MEDIUM -1  How hard gzip tries.
compression.lz4.level INT MEDIUM 9  How hard lz4 tries.
compression.zstd.level INT MEDIUM 3  How hard zstd tries.
batch.size INT MEDIUM 16384  Bytes of a batch of records at most.
partitioner.adaptive.partitioning.enable BOOLEAN LOW true  Whether slow brokers get fewer records.
partitioner.availability.timeout.ms LONG LOW 0  When a slow partition is left out, in ms.
partitioner.ignore.keys BOOLEAN MEDIUM false  Whether keys don't decide about the partition.
partitioner.class CLASS MEDIUM -  What chooses the partition.
linger.ms LONG MEDIUM 5  How long a batch waits for further records, in ms.
delivery.timeout.ms INT MEDIUM 120000  How long sending a record may take in all, in ms.
max.request.size INT MEDIUM 1048576  Bytes of a request at most.
max.block.ms LONG MEDIUM 60000  How long sending may wait for buffer or metadata, in ms.
metadata.max.idle.ms LONG LOW 300000  When an unused topic is forgotten, in ms.
max.in.flight.requests.per.connection INT LOW 5  Requests without an answer at most.
key.serializer CLASS HIGH -  What makes bytes of keys.
value.serializer CLASS HIGH -  What makes bytes of values.
interceptor.classes LIST LOW ''  Classes that see every record.
enable.idempotence BOOLEAN LOW true  Whether sending again can't make duplicates.
transaction.timeout.ms INT LOW 60000  How long a transaction may stay open, in ms.
transactional.id STRING LOW -  The name under which transactions survive restarts.
transaction.two.phase.commit.enable BOOLEAN LOW false  Whether somebody else ends transactions.
"""

_CONSUMER = """
client.id STRING LOW ''  The name by which brokers know the client.
send.buffer.bytes INT MEDIUM 131072  The socket's send buffer.
receive.buffer.bytes INT MEDIUM 65536  The socket's receive buffer.
connections.max.idle.ms LONG MEDIUM 540000  When an idle connection is closed, in ms.
group.id STRING HIGH -  The group that shares the partitions.
group.instance.id STRING MEDIUM -  A name by which a member is known after a restart.
group.protocol STRING HIGH classic  classic or consumer.
group.remote.assignor STRING MEDIUM -  What assigns partitions under the consumer protocol.
session.timeout.ms INT HIGH 45000  When a silent member is given up, in ms.
heartbeat.interval.ms INT HIGH 3000  How often a member reports, in ms.
partition.assignment.strategy LIST MEDIUM org.apache.kafka.clients.consumer.RangeAssignor,\
org.apache.kafka.clients.consumer.CooperativeStickyAssignor  What assigns partitions.
enable.auto.commit BOOLEAN MEDIUM true  Whether offsets are committed by themselves.
auto.commit.interval.ms INT LOW 5000  How often, in ms.
client.rack STRING LOW ''  Where the client is.
max.partition.fetch.bytes INT HIGH 1048576  Bytes per partition and request at most.
fetch.min.bytes INT HIGH 1  Bytes that a broker waits for.
fetch.max.bytes INT MEDIUM 52428800  Bytes per request at most.
fetch.max.wait.ms INT LOW 500  How long a broker waits for them, in ms.
auto.offset.reset STRING MEDIUM latest  Where to begin without a committed offset.
check.crcs BOOLEAN LOW true  Whether check sums are looked at.
key.deserializer CLASS HIGH -  What reads keys.
value.deserializer CLASS HIGH -  What reads values.
default.api.timeout.ms INT MEDIUM 60000  How long calls may take, in ms.
max.poll.records INT MEDIUM 500  Records per poll at most.
max.poll.interval.ms INT MEDIUM 300000  The longest time between two polls, in ms.
exclude.internal.topics BOOLEAN MEDIUM true  Whether patterns leave out internal topics.
internal.leave.group.on.close BOOLEAN LOW true  Whether closing leaves the group.
internal.throw.on.fetch.stable.offset.unsupported BOOLEAN LOW false  Whether old brokers are refused.
interceptor.classes LIST LOW ''  Classes that see every record.
isolation.level STRING MEDIUM read_uncommitted  Whether records of open and aborted transactions are read.
allow.auto.create.topics BOOLEAN MEDIUM true  Whether reading a missing topic creates it.
share.acknowledgement.mode STRING MEDIUM implicit  How records of share groups are acknowledged.
"""

_ADMIN = """
client.id STRING MEDIUM ''  The name by which brokers know the client.
bootstrap.controllers LIST HIGH ''  Controllers to begin with.
send.buffer.bytes INT MEDIUM 131072  The socket's send buffer.
receive.buffer.bytes INT MEDIUM 65536  The socket's receive buffer.
connections.max.idle.ms LONG MEDIUM 300000  When an idle connection is closed, in ms.
retries INT LOW 2147483647  How often a request is sent again.
default.api.timeout.ms INT MEDIUM 60000  How long calls may take, in ms.
"""

_OWN = {Role.PRODUCER: _PRODUCER, Role.CONSUMER: _CONSUMER, Role.ADMIN: _ADMIN}


@cache
def client_config(role: Role) -> ConfigDef:
    """The keys of that kind of client."""
    return ConfigDef(*read_keys(_ALL + _OWN[role] + SSL + SASL + OAUTH))
