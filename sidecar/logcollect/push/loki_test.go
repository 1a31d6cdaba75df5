package push

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// epoch is when a bubble begins.
const epoch = 946684800_000000000

func bothLokis(t *testing.T, do func(t *testing.T, format Loki, decode func(request) []entry, contentType string)) {
	t.Run("protobuf", func(t *testing.T) { do(t, Loki{}, decodeLoki(t), "application/x-protobuf") })
	t.Run("JSON", func(t *testing.T) { do(t, Loki{JSON: true}, decodeLokiJSON(t), "application/json") })
}

func TestLoki(t *testing.T) {
	bothLokis(t, func(t *testing.T, l Loki, decode func(request) []entry, contentType string) {
		f := write(t, &Sink{Format: l}, "logs/a.log", "GET /\r\n\nsame\nsame\n", "b\".log", "caf\xe9\x00\n", "logs/a.log", "again\n")
		require.Equal(t, []entry{
			{`{filename="logs/a.log"}`, "GET /", epoch, 0},
			{`{filename="logs/a.log"}`, "", epoch + 1, 0},
			{`{filename="logs/a.log"}`, "same", epoch + 2, 0},
			{`{filename="logs/a.log"}`, "same", epoch + 3, 0},
			{`{filename="b\".log"}`, "caf�\x00", epoch + 4, 0},
			{`{filename="logs/a.log"}`, "again", epoch + 5, 0},
		}, decode(f.all[0]))
		require.Equal(t, contentType, f.all[0].header.Get("Content-Type"))
		require.NotContains(t, f.all[0].header, "X-Scope-Orgid")
	})
}

func TestLokiLabels(t *testing.T) {
	bothLokis(t, func(t *testing.T, l Loki, decode func(request) []entry, _ string) {
		l.Labels = map[string]string{"job": "shop", "z": "a\nb\"\\é\u00a0"}
		l.PathLabel = "-"
		l.Tenant = "team"
		l.LabelsOf = func(path string) map[string]string {
			return map[string]string{"job": "of " + path, "9.level-of": "\xff"}
		}
		l.MetadataOf = func(path string) map[string]string { return map[string]string{"pod": "p\"\xff", "node": path} }
		f := write(t, &Sink{Format: l}, "a", "one\n")
		entries := decode(f.all[0])
		labels, meta, _ := strings.Cut(entries[0].stream, "} ")
		require.Equal(t, `{_9_level_of="�", job="of a", z=`+strconv.Quote("a\nb\"\\é\u00a0"), labels)
		require.Equal(t, "node=a pod=p\"�", meta)
		require.Equal(t, "team", f.all[0].header.Get("X-Scope-OrgID"))
	})
}

// Loki takes two entries that are the same in time and text for one.
func TestLokiTimes(t *testing.T) {
	bothLokis(t, func(t *testing.T, l Loki, decode func(request) []entry, _ string) {
		s := &Sink{Format: l, MaxRequestBytes: 1, Time: func(_ string, line []byte) (time.Time, bool) {
			n, err := strconv.Atoi(string(line[:1]))
			return time.Unix(int64(n), 0), err == nil
		}}
		f := write(t, s, "a", "?\n5x\n5x\n5x\n\n?\n", "b", "5x\n", "a", "5x\n4x\n5x\n6x\n6x\n")
		var got []int64
		for _, r := range f.all {
			for _, e := range decode(r) {
				got = append(got, e.at)
			}
		}
		require.Equal(t, []int64{
			epoch, 5e9, 5e9 + 1, 5e9 + 2, 5e9 + 3, 5e9 + 4,
			5e9,
			5e9 + 5, 4e9, 5e9, 6e9, 6e9 + 1,
		}, got, "what is out of order is Loki's to judge")
	})
}

// The lines of a batch are later than those of the one before, in whatever short
// a time they come.
func TestLokiTimesOfBatches(t *testing.T) {
	bothLokis(t, func(t *testing.T, l Loki, decode func(request) []entry, _ string) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{TB: t, snappy: !l.JSON, decode: decode}
			p := newBubble(t, f)
			s := &Sink{URL: "http://logs", Format: l, Interval: -1}
			for range 3 {
				require.NoError(t, s.Write(p.ctx, batch("a", "same\nsame\n")))
			}
			require.Len(t, f.kept, 6)
			for i, e := range f.kept {
				require.EqualValues(t, epoch+i, e.at)
			}
		})
	})
}

// A request that comes again has the same times, so that Loki knows it again.
func TestLokiSameTimesAgain(t *testing.T) {
	bothLokis(t, func(t *testing.T, l Loki, decode func(request) []entry, _ string) {
		for _, stamp := range []func(string, []byte) (time.Time, bool){
			nil,
			func(_ string, line []byte) (time.Time, bool) { return time.Unix(7, 0), len(line)%2 == 0 },
		} {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{TB: t, snappy: !l.JSON, decode: decode}
				p := newBubble(t, f)
				s := &Sink{URL: "http://logs", Format: l, Time: stamp, MaxRequestBytes: 500}
				f.answer = func(w http.ResponseWriter, n int, _ request) bool { return code(w, 204+n%2*296, "") }
				for s.Write(p.ctx, batch("a", numbered(100))) != nil {
					time.Sleep(time.Second)
				}
				require.NotEmpty(t, f.kept)
				var last int64
				for i := 0; i < len(f.all); i += 2 {
					require.Equal(t, f.all[i], f.all[i+1])
					for _, e := range f.all[i].entries {
						require.Greater(t, e.at, last)
						last = e.at
					}
				}
				f.answer = nil
				require.NoError(t, s.Write(p.ctx, batch("a", "another\n")))
				require.Greater(t, f.kept[len(f.kept)-1].at, last)
			})
		}
	})
}
