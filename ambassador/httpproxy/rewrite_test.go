package httpproxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRewrite(t *testing.T) {
	for _, test := range []struct {
		prefix, path, to string
		target, want     string
	}{
		{"/a", "", "/b", "/a/c?d=/a", "/b/c?d=/a"},
		{"/a", "", "/b", "/a", "/b"},
		{"/a/", "", "/b/", "/a/", "/b/"},
		{"/a", "", "/", "/a/c", "/c"},
		{"/a", "", "/", "/a", "/"},
		{"/a", "", "/", "/a?x", "/?x"},
		{"", "", "/v1", "/c%2F?;", "/v1/c%2F?;"},
		{"/", "", "/v1", "/c", "/v1/c"},
		{"", "/old", "/new/place", "/old?x", "/new/place?x"},
		{"", "", "/v1", "*", "*"},
	} {
		e, err := newEdits(&Route{PathPrefix: test.prefix, Path: test.path, Rewrite: &Rewrite{Prefix: test.to}})
		require.NoError(t, err)
		x := asking("GET", "h", test.target)
		e.rewrite(x)
		require.Equal(t, test.want, x.target, "%v", test)
		require.Equal(t, "h", x.host)
	}
	e, err := newEdits(&Route{Rewrite: &Rewrite{Host: "other:80"}})
	require.NoError(t, err)
	x := asking("GET", "h", "/a")
	e.rewrite(x)
	require.Equal(t, "other:80", x.host)
	require.Equal(t, "/a", x.target)
}

func TestHeaderEdit(t *testing.T) {
	e, err := (&HeaderEdit{
		Remove: []string{"gone", "Moved"},
		Set:    map[string]string{"Moved": "new", "once": "1"},
		Add:    map[string]string{"Once": "2", "Other": "x"},
	}).compile()
	require.NoError(t, err)
	h := fields{{"Gone", "1"}, {"Once", "a"}, {"moved", "b"}, {"ONCE", "c"}, {"GONE", "2"}, {"stays", "d"}}
	e.apply(&h)
	require.Equal(t, fields{{"once", "1"}, {"stays", "d"}, {"Moved", "new"}, {"Once", "2"}, {"Other", "x"}}, h)
	for want, h := range map[string]HeaderEdit{
		`Remove: "a b" is no name`:              {Remove: []string{"a b"}},
		`Set: content-length is the proxy's`:    {Set: map[string]string{"content-length": "0"}},
		`Set: A: "b\r\nC: d" is no value`:       {Set: map[string]string{"A": "b\r\nC: d"}},
		`Add: Transfer-Encoding is the proxy's`: {Add: map[string]string{"Transfer-Encoding": "x"}},
		`Add: A: " b" is no value`:              {Add: map[string]string{"A": " b"}},
	} {
		_, err := h.compile()
		require.ErrorContains(t, err, want)
	}
	_, err = newEdits(&Route{Rewrite: &Rewrite{Host: "a b"}})
	require.ErrorContains(t, err, `Host: "a b" is no host`)
}
