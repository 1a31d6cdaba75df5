package metrics

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASourceThatBringsTooMuchIsDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		many := func(n int) Func {
			return func(_ context.Context, b *Batch) error {
				f := b.Family(Desc{Name: "many", Kind: Gauge})
				for i := range n {
					f.Add(NewLabels("i", fmt.Sprint(i)), Int(1))
				}
				return nil
			}
		}
		unseen := Func(func(_ context.Context, b *Batch) error { // by Add
			f := b.Family(Desc{Name: "unseen", Kind: Gauge})
			f.Points = make([]Point, 101)
			return nil
		})
		buckets := Func(func(_ context.Context, b *Batch) error {
			p := b.Family(Desc{Name: "h", Kind: Histogram}).Add(nil, Value{})
			p.Buckets = b.NewBuckets()
			p.Buckets.Bounds, p.Buckets.Counts = make([]float64, 10_000), make([]uint64, 10_001)
			return nil
		})
		e := &Exporter{MaxPoints: 100, MaxBytes: 100 << 10, Sources: []Source{
			one("a"), Named{"fits", many(100)}, Named{"many", many(103)}, Named{"unseen", unseen}, Named{"buckets", buckets},
		}}
		s := start(t, e, nil)
		values := s.scrape()
		require.Len(t, values, 5+1+100)
		stats := e.Stats().Sources
		require.Empty(t, stats[1].LastError)
		require.Contains(t, stats[2].LastError, `more than 100 points, the first too many in "many"`)
		require.Contains(t, stats[3].LastError, `more than 100 points`)
		require.Contains(t, stats[4].LastError, `more than 102400 bytes`)
		require.NoError(t, s.stop())
	})
}

func TestWhatCantBeServed(t *testing.T) {
	for want, d := range map[string]Desc{
		`"..." has no letter or digit`:                  {Name: "..."},
		`"a\xff" has no letter or digit, or is not UTF`: {Name: "a\xff"},
		`"k" is of the unknown kind 77`:                 {Name: "k", Kind: 77},
		`"h" is a histogram, and its point {l="1"}`:     {Name: "h", Kind: Histogram},
		`"s" is a summary, and its point`:               {Name: "s", Kind: Summary},
		`"x" is a exphistogram, and its point`:          {Name: "x", Kind: ExpHistogram},
	} {
		var b Batch
		b.Family(d).Add(NewLabels("l", "1"), Int(1))
		_, err := b.arrange(&names{})
		require.ErrorContains(t, err, want)
	}
}

func TestABatchIsUsedAgain(t *testing.T) {
	b := allKinds()
	text := written(t, OpenMetrics, b)
	b.Reset()
	require.Empty(t, b.Families())
	require.NoError(t, b.Err())
	for range 3 {
		var next Batch
		for _, f := range allKinds().Families() {
			next.Copy(f)
		}
		next.Resource = NewLabels("service.name", "shop")
		require.Equal(t, text, written(t, OpenMetrics, &next), "a copy says the same")
	}
}

func TestCollectWithoutAdapt(t *testing.T) {
	e := &Exporter{Sources: []Source{one("a"), named("b", func(context.Context, *Batch) error { return errBroken })}, Resource: NewLabels("x", "y")}
	var b Batch
	for range 2 {
		b.Reset()
		require.NoError(t, e.Collect(context.Background(), &b))
		text := written(t, Text, &b)
		require.Contains(t, text, "\na 1\n")
		require.Contains(t, text, "up{source=\"a\"} 1\nup{source=\"b\"} 0\n")
		require.Contains(t, text, `target_info{x="y"} 1`)
	}
	require.Equal(t, uint64(2), e.Stats().Sources[0].Collections)
	require.ErrorContains(t, (&Exporter{Sources: []Source{nil}}).Collect(context.Background(), &b), "Sources[0]")
}
