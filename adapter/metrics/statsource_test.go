package metrics

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type mood int

func (m mood) String() string { return [...]string{"sad", "glad"}[m] }

type base struct {
	Addr string
	Zone string
}

type peer struct {
	base
	Mood mood
	Sent int64 `metrics:",counter,unit=By" help:"Bytes sent."`
}

type Endpoint struct{ Host, Other string }

type link struct {
	Endpoint
	Weight float64
}

type snapshot struct {
	OpenFiles  int64
	HTTPErrors uint64 `metrics:"errors,counter"`
	Panic      bool
	Latency    time.Duration
	Since      time.Time
	Never      time.Time
	Huge       uint64
	Text       string
	Skipped    int `metrics:"-"`
	hidden     int
	Inner      struct {
		Ratio float32 `metrics:",unit=1"`
	}
	Gone  *peer
	There *int
	Peers []peer
	Links []*link
	Hosts map[string]int `metrics:"host"`
	Disks map[string]struct {
		Name string `metrics:"disk.name,label"`
		Free int    `metrics:",updown"`
	} `metrics:"disk"`
	Plain []struct{ N int }
	Self  *snapshot
	Any   any
	F     func()
}

func TestStatsOfAnyStruct(t *testing.T) {
	three := 3
	v := snapshot{
		OpenFiles: 4, HTTPErrors: 5, Panic: true, Latency: 1500 * time.Millisecond, Since: time.Unix(7, 0), Huge: 1 << 63,
		There: &three, Peers: []peer{{base{"a", "z"}, 1, 10}, {base{"b", ""}, 0, 20}},
		Links: []*link{{Endpoint{"h", "x"}, 0.5}, nil}, Hosts: map[string]int{"x": 1},
		Plain: []struct{ N int }{{8}, {9}},
	}
	v.Inner.Ratio = 0.25
	v.Disks = map[string]struct {
		Name string `metrics:"disk.name,label"`
		Free int    `metrics:",updown"`
	}{"sda": {"root", 6}}
	v.hidden, v.Skipped, v.Text = 1, 1, "left out"
	s := Stats("app", func() snapshot { return v })
	name, err := sourceName(s)
	require.NoError(t, err)
	require.Equal(t, "app", name)
	var b Batch
	for range 2 {
		b.Reset()
		require.NoError(t, s.Collect(context.Background(), &b))
	}
	text, conflicts := render(t, &b)
	require.Zero(t, conflicts)
	var samples strings.Builder
	for line := range strings.Lines(text) {
		if line[0] != '#' {
			samples.WriteString(line)
		}
	}
	require.Equal(t, `app_disk_free{disk="sda",disk_name="root"} 6
app_errors_total 5
app_host{host="x"} 1
app_huge 9.223372036854776e+18
app_inner_ratio 0.25
app_latency_seconds 1.5
app_links_weight{host="h"} 0.5
app_never_seconds 0
app_open_files 4
app_panic 1
app_peers_mood{addr="a",mood="glad"} 1
app_peers_mood{addr="b",mood="sad"} 1
app_peers_sent_bytes_total{addr="a"} 10
app_peers_sent_bytes_total{addr="b"} 20
app_plain_n{plain="0"} 8
app_plain_n{plain="1"} 9
app_since_seconds 7
app_there 3
`, samples.String())
	require.Contains(t, text, "# HELP app_peers_sent_bytes_total Bytes sent.\n")

	p := Stats("p", func() *snapshot { return nil })
	b.Reset()
	require.NoError(t, p.Collect(context.Background(), &b), "nothing yet")
}

func TestStatsThatCantBe(t *testing.T) {
	for want, s := range map[string]Source{
		"int is no struct":              Stats("a", func() int { return 1 }),
		"the function is nil":           Stats[snapshot]("a", nil),
		"has no field that is a number": Stats("a", func() struct{ S string } { return struct{ S string }{} }),
		`the option "gouge" is none of`: Stats("a", func() struct {
			N int `metrics:",gouge"`
		} {
			panic("never")
		}),
	} {
		_, err := sourceName(s)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, s.Collect(context.Background(), new(Batch)), want)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"OpenFiles": "open_files", "HTTPErrors": "http_errors", "ID": "id", "P99": "p99", "A": "a", "ToUpstream": "to_upstream", "ChecksNotOK": "checks_not_ok", "Ä": "ä", "Snake_Case": "snake_case",
	} {
		require.Equal(t, want, snake(name), name)
	}
}
