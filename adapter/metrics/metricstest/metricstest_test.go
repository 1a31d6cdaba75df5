package metricstest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A trial is a test whose failures are looked at.
type trial struct {
	testing.TB
	said strings.Builder
}

func (tr *trial) Helper()                           {}
func (tr *trial) Errorf(format string, args ...any) { fmt.Fprintf(&tr.said, format+"\n", args...) }
func (tr *trial) Fatalf(format string, args ...any) { tr.Errorf(format, args...); runtime.Goexit() }

// said is what f complains of.
func said(t *testing.T, f func(t testing.TB)) string {
	tr := &trial{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(tr)
	}()
	<-done
	return tr.said.String()
}

func TestSource(t *testing.T) {
	var s Source
	require.Equal(t, "fake", s.String())
	require.Empty(t, Text(t, &s))
	s.Gauge("a", 1.5)
	require.Equal(t, "# HELP a A value of a fake source.\n# TYPE a gauge\na 1.5\n", Text(t, &s))
	s.Fail(errors.New("no"))
	require.Contains(t, said(t, func(t testing.TB) { Text(t, &s) }), "metricstest: Collect: no")
	s.Panic("oh")
	require.PanicsWithValue(t, "oh", func() { s.Collect(t.Context(), new(metrics.Batch)) })
	s.Add(nil)
	require.NoError(t, s.Collect(t.Context(), new(metrics.Batch)))
	require.Equal(t, 5, s.Collected())
	synctest.Test(t, func(t *testing.T) {
		var s Source
		s.Hang()
		require.Contains(t, said(t, func(t testing.TB) { Text(t, &s) }), "deadline exceeded")
		released := make(chan struct{})
		s.HangUntil(released)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { time.Sleep(time.Minute); close(released) }()
		require.NoError(t, s.Collect(ctx, new(metrics.Batch)))
		require.Error(t, ctx.Err())
	})
	require.Contains(t, said(t, func(t testing.TB) { Text(t, invalid{&s}) }), "Field: bad")
}

type invalid struct{ *Source }

func (invalid) Validate() error { return errors.New("Field: bad") }

func TestGolden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.golden")
	s := Source{Name: "x"}
	s.Add(func(b *metrics.Batch) {
		b.Gauge("b", "", "B.", metrics.Int(5))
		f := b.Family(metrics.Desc{Name: "a", Kind: metrics.Gauge, Help: "A."})
		f.Add(metrics.NewLabels("l", "2"), metrics.Int(2))
		f.Add(metrics.NewLabels("l", "1"), metrics.Int(1))
	})
	golden := func(t testing.TB) { Golden(t, &s, path) }
	require.Contains(t, said(t, golden), "PODPATTERNS_UPDATE=1 writes the file")
	update := func() {
		t.Setenv("PODPATTERNS_UPDATE", "1")
		require.Empty(t, said(t, golden))
		os.Unsetenv("PODPATTERNS_UPDATE")
	}
	update()
	require.Empty(t, said(t, golden))
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "# HELP a A.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n# HELP b B.\n# TYPE b gauge\nb 5\n", string(file))
	wild := strings.Replace(string(file), "b 5", "b *", 1)
	require.NoError(t, os.WriteFile(path, []byte(wild), 0o600))
	require.Empty(t, said(t, golden))
	s.Add(func(b *metrics.Batch) {
		b.Gauge("b", "", "B.", metrics.Int(7))
		b.Gauge("c", "", "C.", metrics.Int(7))
		b.Family(metrics.Desc{Name: "a", Kind: metrics.Gauge, Help: "A."}).Add(metrics.NewLabels("l", "1"), metrics.Int(1))
	})
	require.Equal(t, "metricstest: "+path+" is not what was collected (- is in the file, + was collected):\n- a{l=\"2\"} 2\n+ # HELP c C.\n+ # TYPE c gauge\n+ c 7\n\n", said(t, golden))
	update()
	file, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(file), "\nb *\n", "an asterisk stays")
	require.Contains(t, string(file), "c 7")
}

func TestFits(t *testing.T) {
	for _, good := range [][2]string{{"a", "a"}, {"a *", "a 5"}, {"*", ""}, {"a{x=\"*\"} *", `a{x="y"} 1`}, {"**", "x"}, {"a*c*e", "abcde"}} {
		require.True(t, fits(good[0], good[1]), good)
	}
	for _, bad := range [][2]string{{"a", "b"}, {"a *", "b 5"}, {"a *x", "a 5"}, {"a*c*e", "ace "}, {"aa*aa", "aaa"}} {
		require.False(t, fits(bad[0], bad[1]), bad)
	}
}

func TestLint(t *testing.T) {
	gauge := func(name string) metrics.Desc { return metrics.Desc{Name: name, Kind: metrics.Gauge, Help: "H."} }
	one := func(d metrics.Desc, labels ...string) func(*metrics.Batch) {
		return func(b *metrics.Batch) { b.Family(d).Add(metrics.NewLabels(labels...), metrics.Int(1)) }
	}
	point := func(kind metrics.Kind, set func(b *metrics.Batch, p *metrics.Point)) func(*metrics.Batch) {
		return func(b *metrics.Batch) {
			d := gauge("x_total")
			if d.Kind = kind; kind != metrics.Counter {
				d.Name = "x"
			}
			set(b, b.Family(d).Add(nil, metrics.Int(1)))
		}
	}
	for name, test := range map[string]struct {
		add  func(*metrics.Batch)
		want string // empty: nothing is wrong
	}{
		"good":          {one(gauge("disk_free_bytes"), "disk", "a"), ""},
		"otel":          {one(metrics.Desc{Name: "disk.io", Unit: "By", Kind: metrics.Counter, Help: "H."}), ""},
		"info":          {one(metrics.Desc{Name: "build", Kind: metrics.Info, Help: "H."}, "v", "1"), ""},
		"help":          {one(metrics.Desc{Name: "x", Kind: metrics.Gauge}), "x: it has no help"},
		"no name":       {one(gauge("")), "is no name"},
		"camel":         {one(gauge("freeBytes")), "the name is in camelCase"},
		"colon":         {one(gauge("a:b")), "has a colon"},
		"total":         {one(gauge("x_total")), "what is no counter ends with _total"},
		"no total":      {one(metrics.Desc{Name: "x", Kind: metrics.Counter, Help: "H.", Verbatim: true}), "a counter's name has to end with _total"},
		"info of gauge": {one(gauge("x_info")), "what is no info ends with _info"},
		"count":         {one(gauge("x_count")), "ends with _count"},
		"abbreviation":  {one(gauge("wait_ms")), `"ms" is an abbreviated unit`},
		"unit":          {one(gauge("wait_milliseconds")), "use seconds"},
		"type":          {one(gauge("wait_gauge")), "says that it is a gauge"},
		"le":            {one(gauge("x"), "le", "1"), "the label le is of histograms"},
		"underscores":   {one(gauge("x"), "__a", "1"), "two underscores"},
		"camel label":   {one(gauge("x"), "diskName", "1"), "the label diskName is in camelCase"},
		"well known":    {one(gauge("process.cpu.time")), `it is well known, with the unit "s", the kind counter`},
		"twice":         {func(b *metrics.Batch) { one(gauge("x"))(b); one(gauge("x"))(b) }, "x: it is there twice"},
		"no point":      {func(b *metrics.Batch) { b.Family(gauge("x")) }, "it has no point"},
		"series twice": {func(b *metrics.Batch) {
			f := b.Family(gauge("x"))
			f.Add(nil, metrics.Int(1))
			f.Add(nil, metrics.Int(2))
		}, "the series {} is there twice"},
		"negative":       {point(metrics.Counter, func(_ *metrics.Batch, p *metrics.Point) { p.Value = metrics.Int(-1) }), "a counter is -1"},
		"NaN":            {point(metrics.Counter, func(_ *metrics.Batch, p *metrics.Point) { p.Value = metrics.Float(math.NaN()) }), "a counter is NaN"},
		"info of 2":      {point(metrics.Info, func(_ *metrics.Batch, p *metrics.Point) { p.Value = metrics.Int(2) }), "an info is 2"},
		"state":          {point(metrics.StateSet, func(_ *metrics.Batch, p *metrics.Point) { p.Value = metrics.Int(2) }), "a state is 2"},
		"future":         {point(metrics.Counter, func(_ *metrics.Batch, p *metrics.Point) { p.Start = math.MaxInt64 }), "Start is 2262"},
		"start and time": {point(metrics.Counter, func(_ *metrics.Batch, p *metrics.Point) { p.Start, p.Time = 2, 1 }), "Start is after Time"},
		"no buckets":     {point(metrics.Histogram, func(*metrics.Batch, *metrics.Point) {}), "Buckets and the kind histogram do not fit"},
		"buckets": {point(metrics.Histogram, func(b *metrics.Batch, p *metrics.Point) {
			p.Buckets = b.NewBuckets()
			p.Buckets.Bounds = []float64{2, 1}
			p.Buckets.Counts = []uint64{1, 1}
		}), "bounds do not grow: [2 1]\nx: {}: the buckets have 2, and Count is 0"},
		"quantiles": {point(metrics.Summary, func(b *metrics.Batch, p *metrics.Point) {
			p.Quantiles = b.NewQuantiles()
			p.Quantiles.Quantiles = []metrics.Quantile{{Q: 0.5}, {Q: 0.5}, {Q: 2}}
		}), "a quantile of 2\nx: {}: quantiles do not grow"},
	} {
		t.Run(name, func(t *testing.T) {
			var b metrics.Batch
			test.add(&b)
			got := strings.Join(lint(&b, time.Now()), "\n")
			if test.want == "" {
				require.Empty(t, got)
			} else {
				require.Contains(t, got, test.want)
			}
		})
	}
	var s Source
	s.Gauge("bad_ms", 1)
	require.Contains(t, said(t, func(t testing.TB) { Lint(t, &s) }), `metricstest: fake: bad_ms: "ms"`)
	n := 0
	s.Add(func(b *metrics.Batch) { n++; b.Gauge("x", "", fmt.Sprint("H", n), metrics.Int(1)) })
	require.Contains(t, said(t, func(t testing.TB) { Lint(t, &s) }), "described as")
	require.Contains(t, said(t, func(t testing.TB) { LintBatch(t, Collect(t, invalidName{})) }), "camelCase")
}

type invalidName struct{}

func (invalidName) Collect(_ context.Context, b *metrics.Batch) error {
	b.Gauge("aB", "", "H.", metrics.Int(1))
	return nil
}
