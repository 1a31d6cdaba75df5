package main

import (
	"bytes"
	"io"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// One process for each container, on one directory.
func TestContainersAsProcesses(t *testing.T) {
	t.Parallel()
	skipOnWindows(t)
	eachServer(t, func(t *testing.T, flags []string) {
		dir := t.TempDir()
		run := func(container string) *program {
			return start(t, append(flags, "-dir", dir, "-container", container)...)
		}
		logs := run("logs")
		backend := run("backend")
		backend.await("backend +Ready")
		metrics := run("metrics")
		monitored := "http://" + metrics.await(`metrics listens on (\S+)$`) + "/metrics"
		web := run("web")
		url := "http://" + web.await(listens) + "/" + page

		const requests = 200
		request := func() {
			for range requests / 2 {
				require.NoError(t, get(t.Context(), url, io.Discard))
			}
		}
		request()
		logs.signal(syscall.SIGTERM)
		logs.wait(0)
		logs = run("logs")
		require.NoError(t, rotate(options{dir: dir, nginx: flags != nil}))
		request()

		var text bytes.Buffer
		require.NoError(t, get(t.Context(), monitored, &text))
		used, err := parseUsage(text.String())
		if runtime.GOOS == "linux" {
			require.NoError(t, err)
			require.Positive(t, used.ram)
		}

		for _, p := range []*program{web, metrics, backend, logs} {
			p.signal(syscall.SIGTERM)
			p.wait(0)
		}
		requireNothingRuns(t, dir)
		logged, collected, err := count(dir)
		require.NoError(t, err)
		require.EqualValues(t, requests, logged)
		require.EqualValues(t, requests, collected)
	})
}
