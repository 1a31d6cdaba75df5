package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if os.Getenv(inChild) != "" {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// What is promised of ours is checked, what the peers do is only measured.
func TestTable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be sent SIGTERM here")
	}
	s := setup{size: 10e6, rounds: 1, watch: 300 * time.Millisecond, dir: t.TempDir(), files: 50}
	p := peers[0]
	left, err := s.burst(p)
	require.NoError(t, err)
	require.Zero(t, left, "undelivered after a stop")
	lost, doubled, err := s.killed(p, 20_000)
	require.NoError(t, err)
	require.Zero(t, lost, "lost by a kill")
	require.Zero(t, doubled, "doubled by a kill")
}

func TestEachPeer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be sent SIGTERM here")
	}
	dir := t.TempDir()
	lines, err := fillLog(filepath.Join(dir, "a.log"), 2e6)
	require.NoError(t, err)
	s := setup{watch: 200 * time.Millisecond, dir: t.TempDir(), files: 20}
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			for _, toFile := range []bool{false, true} {
				r, err := catchUp(p, dir, lines, toFile)
				require.NoError(t, err)
				require.Equal(t, lines, r.Lines)
				require.Positive(t, r.Took)
			}
			if !p.follows {
				return
			}
			r, err := s.latency(p)
			require.NoError(t, err)
			require.Positive(t, r.P50)
		})
	}
}

func TestMedian(t *testing.T) {
	f := figures{}
	for _, v := range []float64{9, 1, 5} {
		f.add("x", v)
	}
	m, ok := f.median("x")
	require.True(t, ok)
	require.EqualValues(t, 5, m)
	_, ok = f.median("y")
	require.False(t, ok)
}

func TestScan(t *testing.T) {
	var out bytes.Buffer
	lines := 0
	text := strings.Repeat("one\ntwo\n", 100_000)
	require.NoError(t, scan(strings.NewReader(text), &out, func(_ []byte, n int) { lines += n }))
	require.Equal(t, 200_000, lines)
	require.Equal(t, text, out.String())
}

// BenchmarkCatchUp has the peers take turns, and reports the rate of each.
func BenchmarkCatchUp(b *testing.B) {
	dir := b.TempDir()
	lines, err := fillLog(filepath.Join(dir, "a.log"), 20e6)
	require.NoError(b, err)
	took := map[string]time.Duration{}
	for b.Loop() {
		for _, p := range peers {
			r, err := catchUp(p, dir, lines, false)
			require.NoError(b, err)
			took[p.name] += r.Took
		}
	}
	b.ReportMetric(0, "ns/op") // of all together: it says nothing
	for _, p := range peers {
		rate := float64(lines*lineSize) * float64(b.N) / 1e6 / took[p.name].Seconds()
		b.ReportMetric(rate, strings.ReplaceAll(p.name, " ", "-")+"-MB/s")
	}
}
