// Package redis reads the metrics of a Redis server, or of one that answers INFO
// as Redis does (Valkey, KeyDB, Sentinel), and needs no client library for that.
//
//	exporter := &metrics.Exporter{Sources: []metrics.Source{&redis.Source{Address: "127.0.0.1:6379"}}}
//
// # What is asked
//
// INFO everything, which Redis 7 knows; an older server is asked for INFO all, or
// INFO. One connection is kept from one collection to the next, and made anew
// when it is broken, with what PasswordFile has by then.
//
// # What comes of it
//
// Fields are told by their names, never by their place, so that what a newer
// version adds between them changes nothing.
//
//   - A field that is known has the name that redis_exporter made common, as
//     redis_memory_used_bytes for used_memory, with its unit and kind. Where that
//     is not in base units it is here: redis_latest_fork_seconds. The table is
//     known.go. Counters count since the server was started, or since CONFIG
//     RESETSTAT was seen to have reset them.
//   - cmdstat_ lines are redis_commands_total and more with the label cmd,
//     errorstat_ lines are redis_errors_total with err, latency_percentiles_ lines
//     are the summary redis_latency_percentiles_seconds with cmd, those of the
//     keyspace are redis_db_keys, redis_db_keys_expiring and redis_db_avg_ttl_seconds
//     with db, those of replicas redis_connected_slave_offset_bytes and _lag_seconds
//     with slave_ip, slave_port and slave_state, those of Sentinel
//     redis_sentinel_master_status, _slaves and _sentinels with master_name and
//     master_address, and modules are redis_module_info.
//   - Any other number is kept: redis_ and the field's name, of unknown kind, with
//     times in seconds and percentages as ratios; a number in key=value pairs as
//     redis_, the field, _, the key.
//   - Of text there are ok and err, up and down as 1 and 0, and what tells one
//     server from another as labels of redis_instance_info and redis_slave_info.
//     Any other text is left out, and redis_info_fields_unread tells how many.
//
// # Limits
//
// A reply has at most 4 MiB and 20,000 values, a name 200 bytes; what is beyond
// is an error, as is a reply that is cut off or is none, and the source has up 0.
package redis
