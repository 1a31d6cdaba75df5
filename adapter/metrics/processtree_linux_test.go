package metrics

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTreeOfProcesses(t *testing.T) {
	c := child(t, "tree")
	p := &Process{PID: c.Process.Pid, Children: true}
	alone := &Process{PID: c.Process.Pid}
	last, start := total(measured(t, context.Background(), p), "process.cpu.time")
	require.Positive(t, start)
	collect := func() (cpu, processes float64) {
		all := measured(t, context.Background(), p)
		sum, s := total(all, "process.cpu.time")
		require.GreaterOrEqual(t, sum, last)
		require.Equal(t, start, s)
		last = sum
		return sum, all["process.count{"+NewLabels("process.pid", strconv.Itoa(c.Process.Pid)).Text()+"}"].Value.Float()
	}
	for range 3 {
		c.in.Write([]byte("go\n"))
		said := make(chan string, 1)
		go func() {
			line, _ := c.out.ReadString('\n')
			said <- strings.TrimSpace(line)
		}()
		most := 0.0
		for line := ""; line == ""; {
			select {
			case line = <-said:
				want, err := strconv.ParseFloat(line, 64)
				require.NoError(t, err)
				sum, processes := collect()
				require.InDelta(t, want, sum, 4*ticks, "what it and its children have used, those that have ended included")
				require.Equal(t, 1.0, processes)
				own, _ := total(measured(t, context.Background(), alone), "process.cpu.time")
				require.Less(t, own, sum/2)
			default:
				_, processes := collect()
				most = max(most, processes)
			}
		}
		require.Equal(t, 2.0, most, "one child at a time")
	}
}

func TestOrphansGoOnToCount(t *testing.T) {
	c := child(t, "tree")
	p := &Process{PID: c.Process.Pid, Children: true}
	measured(t, context.Background(), p)
	c.in.Write([]byte("orphan\n"))
	go c.out.ReadString('\n')
	last, seen := 0.0, false
	until(t, func() bool {
		all := measured(t, context.Background(), p)
		sum, _ := total(all, "process.cpu.time")
		processes, _ := total(all, "process.count")
		require.GreaterOrEqual(t, sum, last)
		last = sum
		seen = seen || processes > 1
		return seen && processes == 1
	})
	require.Greater(t, last, 0.05-ticks, "nobody waited for it here, and what it used stays")
	after, _ := total(measured(t, context.Background(), p), "process.cpu.time")
	require.GreaterOrEqual(t, after, last)
}

func TestProcessesByName(t *testing.T) {
	const name = "podpatterns-of-a-long-name"
	start := func(arg string) *exec.Cmd {
		c := exec.Command("/bin/sleep", "60")
		c.Args[0] = arg
		require.NoError(t, c.Start())
		t.Cleanup(func() { c.Process.Kill(); c.Wait() })
		return c
	}
	p := &Process{Name: name}
	err := p.Collect(context.Background(), new(Batch))
	require.ErrorContains(t, err, `no process is called "`+name+`"`)
	first := start(name)
	start("/opt/" + name + " *:6379")
	start("not-" + name)
	count := func() float64 {
		n, _ := total(measured(t, context.Background(), p), "process.count")
		return n
	}
	until(t, func() bool { return p.Collect(context.Background(), new(Batch)) == nil && count() == 2 })
	require.NotEmpty(t, measured(t, context.Background(), p)[`process.memory.usage{process_executable_name="`+name+`"}`])
	_, begun := total(measured(t, context.Background(), p), "process.cpu.time")
	first.Process.Kill()
	first.Wait()
	require.Equal(t, 1.0, count())
	_, still := total(measured(t, context.Background(), p), "process.cpu.time")
	require.Equal(t, begun, still)
	n, _ := total(measured(t, context.Background(), &Process{Name: "sleep"}), "process.count")
	require.GreaterOrEqual(t, n, 2.0, "by the command")
}

// TestCountersOfATreeNeverFall plays processes that start, work, end and are
// waited for or not, at any moment between the readings.
func TestCountersOfATreeNeverFall(t *testing.T) {
	for seed := range uint64(12) {
		playTree(t, rand.New(rand.NewPCG(seed, 7)))
	}
}

func FuzzTree(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) { playTree(t, rand.New(rand.NewPCG(a, b))) })
}

type played struct{ pid, parent, cpu, waited, start int }

func playTree(t *testing.T, r *rand.Rand) {
	sys := procTree.system(t)
	alive := map[int]*played{7: {pid: 7, parent: 1, start: 100}}
	next := 8
	var ended []int
	write := func() {
		files := tree{}
		for _, p := range alive {
			dir := fmt.Sprintf("/proc/%d", p.pid)
			files[dir+"/stat"] = fmt.Sprintf("%d (x) S %d 7 7 0 -1 4194304 0 0 0 0 %d 0 %d 0 20 0 1 0 %d 9999360 400 0\n", p.pid, p.parent, p.cpu, p.waited, p.start)
			files[dir+"/statm"] = "10 10 1"
		}
		for _, pid := range ended {
			require.NoError(t, os.RemoveAll(fmt.Sprintf("%s/proc/%d", sys.root, pid)))
		}
		ended = nil
		files.write(t, sys)
	}
	write()
	p := &Process{PID: 7, Children: true, sys: sys}
	last, used := 0.0, 0
	for step := range 40 {
		for range r.IntN(6) {
			one := alive[pick(r, alive)]
			switch r.IntN(4) {
			case 0, 1:
				n := r.IntN(50)
				one.cpu += n
				used += n
			case 2:
				alive[next] = &played{pid: next, parent: one.pid, start: 100 + step}
				next++
			case 3:
				if one.pid == 7 {
					break
				}
				delete(alive, one.pid)
				ended = append(ended, one.pid)
				if parent := alive[one.parent]; parent != nil && r.IntN(2) == 0 {
					parent.waited += one.cpu + one.waited
				}
				for _, child := range alive {
					if child.parent == one.pid {
						child.parent = 1
					}
				}
			}
		}
		write()
		sum, _ := total(measured(t, context.Background(), p), "process.cpu.time")
		require.GreaterOrEqual(t, sum, last)
		require.LessOrEqual(t, sum, float64(used)/ticksPerSecond+1e-9, "nothing counts twice")
		last = sum
	}
}

func pick(r *rand.Rand, alive map[int]*played) int {
	pids := slices.Sorted(maps.Keys(alive))
	return pids[r.IntN(len(pids))]
}
