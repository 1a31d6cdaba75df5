package upstream

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseFile(t *testing.T) {
	for text, want := range map[string][]Endpoint{
		"a:1\nb:2 3\n\n  # none\nunix:/run/s 1 2 # one\n": {{Address: "a:1"}, {Address: "b:2", Weight: 3}, {Address: "unix:/run/s", Weight: 1, Priority: 2}},
		"a:1":  To("a:1"),
		"[]":   {},
		" [ ]": {},
		`["a:1", {"address": "b:2", "weight": 3, "priority": 1, "server_name": "b"}]`: {{Address: "a:1"}, {Address: "b:2", Weight: 3, Priority: 1, ServerName: "b"}},
	} {
		set, err := parseFile([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, set, text)
	}
	for text, want := range map[string]string{
		"":                      "there is no address in it",
		"# nothing\n":           "there is no address in it",
		"a:1\nb\n":              `line 2: address "b" is not host:port`,
		"a:1 x":                 `line 1: "x" is no number`,
		"a:1 -1":                `line 1: "-1" is no number`,
		"a:1 0":                 "line 1: the weight is 0",
		"a:1 1 1 1":             `line 1: "1" is after the address`,
		`["a:1"`:                "unexpected EOF",
		`["a:1"] []`:            "more after the end",
		`{"address": "a:1"}`:    "cannot unmarshal object",
		`[{"adress": "a:1"}]`:   `endpoint 1: json: unknown field "adress"`,
		`["a:1", 7]`:            "endpoint 2: json: cannot unmarshal number",
		`[{"weight": "heavy"}]`: "endpoint 1: json: cannot unmarshal string",
		`["a:1", null] x`:       "more after the end",
	} {
		_, err := parseFile([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestFileIsFollowed(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		defer root.Close()
		w.box.Root = root
		path := filepath.Join(dir, "endpoints")
		write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
		w.backend("a:1")
		w.backend("b:1")
		c := &Cluster{Endpoints: File{Path: "endpoints"}}
		stop := w.run(c)
		settle(1500 * time.Millisecond)
		require.Equal(t, 1, w.records("cannot be discovered"), "%s", w.log.String())
		write("a:1\n")
		settle(time.Second)
		require.Equal(t, "a:1", w.visit(c))

		write(`["b:1"`)
		settle(5 * time.Second)
		require.Equal(t, "a:1", w.visit(c), "the last good set stays")
		require.Equal(t, 2, w.records("cannot be discovered"), "%s", w.log.String())
		require.EqualValues(t, 3, c.Stats().DiscoveryErrors)
		write(`["b:1"]`)
		settle(2 * time.Second)
		require.Equal(t, "b:1", w.visit(c))

		// One that is written in place is not read half.
		write("a:1\na:2")
		settle(time.Second)
		write("a:1\na:22\n")
		settle(3 * time.Second)
		require.Len(t, c.Stats().Endpoints, 2)
		require.Equal(t, "a:22", c.Stats().Endpoints[1].Address)
		require.Equal(t, 3, w.records("endpoints discovered"), "%s", w.log.String())

		require.NoError(t, os.Remove(path))
		settle(3 * time.Second)
		require.Len(t, c.Stats().Endpoints, 2)
		write("a:1\na:22\n")
		settle(3 * time.Second)
		write("[]")
		settle(3 * time.Second)
		require.Empty(t, c.Stats().Endpoints)
		write(strings.Repeat("# \n", fileLimit))
		settle(3 * time.Second)
		require.Equal(t, 1, w.records("larger than"), "%s", w.log.String())
		stop()
	})
}
