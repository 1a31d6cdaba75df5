package redis

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
)

// Fields as versions have them, in an order that none has.
func TestVersions(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want map[string]float64
	}{
		"2.4": {"connected_clients:3\nused_cpu_sys:0.50\nredis_version:2.4.10\nchanges_since_last_save:5\nlast_save_time:17\ndb0:keys=7,expires=2\nuse_tcmalloc:no\n",
			map[string]float64{
				"redis_connected_clients": 3, "redis_cpu_sys_seconds_total": 0.5, `redis_instance_info{redis_version="2.4.10"}`: 1,
				"redis_changes_since_last_save": 5, "redis_last_save_time": 17, `redis_db_keys{db="db0"}`: 7, `redis_db_keys_expiring{db="db0"}`: 2,
				"redis_info_fields_unread": 1,
			}},
		"3.2": {"db1:keys=1,expires=0,avg_ttl=1500\ncmdstat_get:calls=2,usec=6,usec_per_call=3.00\nclient_biggest_input_buf:4\nrole:slave\nmaster_port:6379\nmaster_host:a\nmaster_link_status:down\nslave_repl_offset:9\n",
			map[string]float64{
				`redis_db_keys{db="db1"}`: 1, `redis_db_keys_expiring{db="db1"}`: 0, `redis_db_avg_ttl_seconds{db="db1"}`: 1.5,
				`redis_commands_total{cmd="get"}`: 2, `redis_commands_duration_seconds_total{cmd="get"}`: 6e-6, "redis_client_biggest_input_buf_bytes": 4,
				`redis_instance_info{role="slave"}`: 1, `redis_slave_info{master_host="a",master_port="6379"}`: 1, "redis_master_link_up": 0, "redis_slave_repl_offset": 9,
				"redis_info_fields_unread": 0,
			}},
		"8": {"latency_percentiles_usec_config|get:p50=2.007,p99.9=4.5\ncmdstat_config|get:failed_calls=1,new_thing=8,calls=3,usec=9\nerrorstat_ERR:count=4\nslave0:state=online,lag=1,port=6380,offset=70,ip=10.0.0.2,type=main\n" +
			"db0:subexpiry=2,keys=1,expires=0,avg_ttl=0\nmodule:name=ReJSON,ver=80001,api=1,filters=0,usedby=[],using=[a],options=[]\nused_memory_peak_perc:50.00%\nmem_fragmentation_ratio:-nan\nio_thread_0:clients=2,reads=10,writes=3\ninstantaneous_input_kbps:0.5\nnew_usec:3\nnew.thing-count:5\nused_memory_human:1M\n",
			map[string]float64{
				`redis_latency_percentiles_seconds{cmd="config|get"}`: 0,
				`redis_commands_total{cmd="config|get"}`:              3, `redis_commands_duration_seconds_total{cmd="config|get"}`: 9e-6, `redis_commands_failed_calls_total{cmd="config|get"}`: 1, `redis_commands_new_thing{cmd="config|get"}`: 8,
				`redis_errors_total{err="ERR"}`: 4,
				`redis_connected_slave_offset_bytes{slave_ip="10.0.0.2",slave_port="6380",slave_state="online"}`: 70, `redis_connected_slave_lag_seconds{slave_ip="10.0.0.2",slave_port="6380",slave_state="online"}`: 1,
				`redis_db_subexpiry{db="db0"}`: 2, `redis_db_keys{db="db0"}`: 1, `redis_db_keys_expiring{db="db0"}`: 0, `redis_db_avg_ttl_seconds{db="db0"}`: 0,
				`redis_module_info{api="1",name="ReJSON",ver="80001"}`: 1, "redis_memory_used_peak_ratio": 0.5, "redis_mem_fragmentation_ratio": math.NaN(),
				"redis_io_thread_0_clients": 2, "redis_io_thread_0_reads": 10, "redis_io_thread_0_writes": 3, "redis_instantaneous_input_bytes_per_second": 512,
				"redis_new_seconds": 3e-6, "redis_new_thing": 5, "redis_info_fields_unread": 0,
			}},
		"Sentinel": {"sentinel_masters:1\nmaster0:name=m,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3\n",
			map[string]float64{
				"redis_sentinel_masters": 1, `redis_sentinel_master_slaves{master_address="10.0.0.1:6379",master_name="m"}`: 2, `redis_sentinel_master_sentinels{master_address="10.0.0.1:6379",master_name="m"}`: 3,
				`redis_sentinel_master_status{master_address="10.0.0.1:6379",master_name="m",master_status="ok"}`: 1, "redis_info_fields_unread": 0,
			}},
		"odd": {"hz:\nhz:ten\nhz:0x10\n:1\nno colon\n\n# a comment\nlru_clock:1_000\nx y:1\nempty:\ndb0:\ndb0:keys\ndb0:keys=x\nlatency_percentiles_usec_a:p50=x\nconnected_clients:99999999999999999999\n" + strings.Repeat("n", maxName+1) + ":1\n",
			map[string]float64{"redis_connected_clients": 1e20, "redis_info_fields_unread": 13}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, test.text)
			require.Equal(t, fmt.Sprint(test.want), fmt.Sprint(got)) // NaN is not NaN
		})
	}
}

// All of what a Redis 7.0 says, and a few lines of others.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/7.0.info")
	require.NoError(t, err)
	var r reader
	s := metrics.Named{Name: "redis", Source: metrics.Func(func(_ context.Context, b *metrics.Batch) error { return r.read(text, b, time.Now()) })}
	metricstest.Lint(t, s)
	metricstest.Golden(t, s, "testdata/7.0.golden")
}

func TestSummaries(t *testing.T) {
	var r reader
	var b metrics.Batch
	require.NoError(t, r.read([]byte("latency_percentiles_usec_get:p50=1,p99.9=2000\ncmdstat_get:calls=3,usec=9\nlatency_percentiles_usec_set:p100=5\n"), &b, time.Now()))
	points := b.Families()[0].Points
	require.Equal(t, metrics.Quantiles{Quantiles: []metrics.Quantile{{Q: 0.5, Value: 1e-6}, {Q: 0.999, Value: 0.002}}, Count: 3, Sum: 9e-6}, *points[0].Quantiles)
	require.True(t, math.IsNaN(points[1].Quantiles.Sum))
}

func TestSince(t *testing.T) {
	var c clock
	now := time.Unix(1000, 0)
	look := func(text string) { c.look([]byte(text), now) }
	sec := int64(time.Second)
	look("x_run_id:z\r\nrun_id:a\r\nuptime_in_seconds:100\r\ntotal_commands_processed:5\r\n")
	require.Equal(t, [...]int64{900 * sec, 900 * sec}, [...]int64{c.started, c.counters})
	require.Equal(t, "a", c.server)
	now = time.Unix(1060, 9e8)
	look("run_id:a\nuptime_in_seconds:161\ntotal_commands_processed:9\n")
	require.Equal(t, 900*sec, c.started, "a rounded second is no restart")
	reset := now
	now = time.Unix(1120, 0)
	look("run_id:a\nuptime_in_seconds:220\ntotal_commands_processed:1\n")
	require.Equal(t, [...]int64{900 * sec, reset.UnixNano()}, [...]int64{c.started, c.counters}, "CONFIG RESETSTAT")
	look("run_id:b\nuptime_in_seconds:1\ntotal_commands_processed:1\nserver_time_usec:1119000000\n")
	require.Equal(t, [...]int64{1118 * sec, 1118 * sec}, [...]int64{c.started, c.counters}, "a restart, by the server's clock")
	look("uptime_in_seconds:-5\n")
	require.Zero(t, c.started)
}

func TestCountersHaveAStart(t *testing.T) {
	var r reader
	var b metrics.Batch
	require.NoError(t, r.read([]byte("run_id:a\nserver_time_usec:1000000000\nuptime_in_seconds:100\ntotal_commands_processed:9\nused_cpu_sys:1\nerrorstat_ERR:count=1\n"), &b, time.Now()))
	b.Reset()
	r.since.last = 950e9
	require.NoError(t, r.read([]byte("run_id:a\nserver_time_usec:1000000000\nuptime_in_seconds:100\ntotal_commands_processed:8\nused_cpu_sys:2\nerrorstat_ERR:count=1\n"), &b, time.Now()))
	starts := map[string]int64{}
	for _, f := range b.Families() {
		if f.Kind == metrics.Counter {
			starts[f.Name] = f.Points[0].Start
		}
	}
	require.Equal(t, map[string]int64{"redis_commands_processed_total": 950e9, "redis_cpu_sys_seconds_total": 900e9, "redis_errors_total": 950e9}, starts)
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte("run_id:a\r\nuptime_in_seconds:1\r\nhz:10\r\ndb0:keys=1,expires=0\r\ncmdstat_get:calls=1,usec=2\r\nslave0:ip=a,port=1,lag=0\r\n"))
	f.Add([]byte("latency_percentiles_usec_get:p50=1,p99=2\nmodule:name=a,ver=1\nmaster0:name=m,status=ok,slaves=1\nnew_usec:5\nx:a=1,b=2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r reader
		var b metrics.Batch
		for range 2 {
			b.Reset()
			if r.read(text, &b, time.Unix(1e9, 0)) != nil {
				continue
			}
			var out bytes.Buffer
			if err := metrics.Text.Write(&out, &b); err != nil {
				t.Fatal(err)
			}
			for _, f := range b.Families() {
				if !strings.HasPrefix(f.Name, "redis_") || len(f.Points) == 0 {
					t.Fatalf("%q with %d points", f.Name, len(f.Points))
				}
			}
		}
	})
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"$5\r\nhello\r\n", "+OK\r\n", "-ERR x\r\n", ":1\r\n", "$-1\r\n", "$4194304\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := repliesOf(bytes.NewReader(text))
		for range 10 {
			b, err := p.next()
			if len(b) > len(text) || cap(p.buf) > 2*len(text)+200<<10 {
				t.Fatalf("%d bytes of %d, room for %d (%v)", len(b), len(text), cap(p.buf), err)
			}
		}
	})
}
