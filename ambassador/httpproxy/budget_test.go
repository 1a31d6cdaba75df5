package httpproxy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBudgetHoldsInEveryWindow(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				b := &Budget{
					Share:     []float64{-1, 0, 0.05, 0.5, 1.5}[rnd.IntN(5)],
					PerSecond: []int{-1, 0, 1, 3}[rnd.IntN(4)],
					Window:    []time.Duration{0, time.Second, 3700 * time.Millisecond}[rnd.IntN(3)],
				}
				var requests, retries []time.Time
				since := func(all []time.Time, now time.Time, d time.Duration) (n int) {
					for _, at := range slices.Backward(all) {
						if now.Sub(at) >= d {
							break
						}
						n++
					}
					return n
				}
				for range 4000 {
					if rnd.IntN(3) == 0 {
						time.Sleep(time.Duration(rnd.ExpFloat64() * float64(30*time.Millisecond)))
					}
					if rnd.IntN(500) == 0 {
						time.Sleep(time.Duration(rnd.Int64N(int64(2 * b.window()))))
					}
					now := time.Now()
					if rnd.IntN(3) > 0 {
						b.request()
						requests = append(requests, now)
						continue
					}
					if !b.retry() {
						continue
					}
					retries = append(retries, now)
					byShare := float64(since(retries, now, b.window())) <= b.share()*float64(since(requests, now, b.window()))
					byFloor := since(retries, now, time.Second) <= int(b.perSecond())
					require.True(t, byShare || byFloor, "%d retries for %d requests", since(retries, now, b.window()), since(requests, now, b.window()))
				}
				require.Equal(t, b.share() > 0 || b.perSecond() > 0, len(retries) > 0)
			})
		})
	}
}

func TestBudgetGivesWhatItPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Budget{PerSecond: -1}
		took := 0
		for range 6000 { // a minute
			b.request()
			if b.retry() {
				took++
			}
			time.Sleep(10 * time.Millisecond)
		}
		require.InDelta(t, 1200, took, 1200*0.02)
	})
}

func TestBudgetWorksAtLowRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Budget{}
		for range 100 {
			b.request()
			require.True(t, b.retry(), "one request a minute has its retry")
			require.True(t, b.retry())
			time.Sleep(time.Minute)
		}
	})
}

func TestBudgetIsNotExceededTogether(t *testing.T) {
	b := &Budget{PerSecond: -1}
	var wg sync.WaitGroup
	var mu sync.Mutex
	took := 0
	for range 8 {
		wg.Go(func() {
			n := 0
			for range 1000 {
				b.request()
				if b.retry() {
					n++
				}
			}
			mu.Lock()
			took += n
			mu.Unlock()
		})
	}
	wg.Wait()
	require.LessOrEqual(t, took, 1600)
	require.Greater(t, took, 800)
}

func TestBudgetRefusesWrongFields(t *testing.T) {
	require.NoError(t, (*Budget)(nil).validate())
	require.NoError(t, (&Budget{Share: -1, PerSecond: -1}).validate())
	require.ErrorContains(t, (&Budget{Share: 101}).validate(), "Share: 101")
	require.ErrorContains(t, (&Budget{Share: math.NaN()}).validate(), "Share: NaN")
	require.ErrorContains(t, (&Budget{Window: time.Millisecond}).validate(), "Window: 1ms")
	require.ErrorContains(t, (&Budget{Window: -1}).validate(), "Window")
}

func BenchmarkBudgetRequest(b *testing.B) {
	budget := &Budget{}
	b.ReportAllocs()
	for b.Loop() {
		budget.request()
	}
}

func BenchmarkBudgetRetry(b *testing.B) {
	budget := &Budget{}
	b.ReportAllocs()
	for b.Loop() {
		budget.retry()
	}
}
