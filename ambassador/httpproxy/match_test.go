package httpproxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func asking(method, host, target string, header ...string) *exchange {
	x := &exchange{proxy: &Proxy{}, method: method, host: host, target: target}
	for i := 0; i < len(header); i += 2 {
		x.header.add(header[i], header[i+1])
	}
	return x
}

func TestWhichRoute(t *testing.T) {
	to := To("127.0.0.1:1")
	r := newRouter([]Route{
		{Name: "all", Upstream: to},
		{Name: "api", PathPrefix: "/api/", Upstream: to},
		{Name: "api users", PathPrefix: "/api/users", Upstream: to},
		{Name: "api exact", Path: "/api", Upstream: to},
		{Name: "api post", PathPrefix: "/api", Methods: []string{"POST", "PUT"}, Upstream: to},
		{Name: "host", Host: "Example.com", Upstream: to},
		{Name: "host canary", Host: "example.com", Headers: []HeaderMatch{{Name: "X-Canary"}}, Upstream: to},
		{Name: "host blue", Host: "example.com", Headers: []HeaderMatch{{Name: "x-canary", Value: "blue"}, {Name: "cookie", Absent: true}}, Upstream: to},
		{Name: "host beta", Host: "example.com", Headers: []HeaderMatch{{Name: "User-Agent", Regexp: "[a-z]+/1|beta"}, {Name: "A"}, {Name: "B"}}, Upstream: to},
		{Name: "wild", Host: "*.example.com", Upstream: to},
		{Name: "deep", Host: "*.a.example.com", PathPrefix: "/", Upstream: to},
		{Name: "six", Host: "[::1]", Upstream: to},
		{Name: "only post", Host: "post.example", Methods: []string{"POST"}, Upstream: to},
	}, nil, func(err error) { t.Error(err) })
	for _, test := range []struct {
		x    *exchange
		want string
	}{
		{asking("GET", "other", "/"), "all"},
		{asking("OPTIONS", "other", "*"), "all"},
		{asking("GET", "", "/apis"), "all"},
		{asking("GET", "other", "/api/x?y"), "api"},
		{asking("GET", "other", "/api/usersx"), "api"},
		{asking("GET", "other", "/api/"), "api"},
		{asking("GET", "other", "/api?x=/api/users"), "api exact"},
		{asking("GET", "other", "/api/users/1"), "api users"},
		{asking("POST", "other", "/api/users/1"), "api users"},
		{asking("PUT", "other", "/api/x"), "api post"},
		{asking("put", "other", "/api/x"), "api"},
		{asking("GET", "example.com", "/api"), "host"},
		{asking("GET", "EXAMPLE.com.:8080", "/api"), "host"},
		{asking("GET", "example.com", "/", "x-CANARY", ""), "host canary"},
		{asking("GET", "example.com", "/", "X-Canary", "red", "X-Canary", "blue"), "host blue"},
		{asking("GET", "example.com", "/", "X-Canary", "blue", "Cookie", "a=b"), "host canary"},
		{asking("GET", "example.com", "/", "User-Agent", "curl/1", "A", "", "B", ""), "host beta"},
		{asking("GET", "example.com", "/", "User-Agent", "curl/1.2", "A", "", "B", ""), "host"},
		{asking("GET", "example.com", "/", "User-Agent", "betas", "A", "", "B", ""), "host"},
		{asking("GET", "www.example.com:80", "/"), "wild"},
		{asking("GET", "a.example.com", "/"), "wild"},
		{asking("GET", "x.y.a.example.com", "/z"), "deep"},
		{asking("GET", ".example.com", "/"), "all"},
		{asking("GET", "badexample.com", "/"), "all"},
		{asking("GET", "[::1]:80", "/"), "six"},
		{asking("GET", "[::1]", "/"), "six"},
		{asking("POST", "post.example", "/api"), "only post"},
		{asking("GET", "post.example", "/api/users"), "api users"},
	} {
		p := r.find(test.x)
		require.NotNil(t, p)
		require.Equal(t, test.want, p.name, "%s %s%s %v", test.x.method, test.x.host, test.x.target, test.x.header)
	}
}

func TestTheProxysOwnUpstreamIsLast(t *testing.T) {
	to := To("127.0.0.1:1")
	routes := []Route{{PathPrefix: "/api", Upstream: to}}
	r := newRouter(routes, &Route{Upstream: to}, func(err error) { t.Error(err) })
	require.Equal(t, "/api", r.find(asking("GET", "x", "/api")).name)
	require.Empty(t, r.find(asking("GET", "x", "/")).name)
	r = newRouter(routes, nil, func(err error) { t.Error(err) })
	require.Nil(t, r.find(asking("GET", "x", "/")))
	r = newRouter([]Route{{Upstream: to}}, &Route{Upstream: to}, func(err error) { t.Error(err) })
	require.Equal(t, "*", r.find(asking("GET", "x", "/")).name)
	r = newRouter(nil, &Route{Upstream: to}, func(err error) { t.Error(err) })
	require.Empty(t, r.find(asking("GET", "x", "/")).name)
}

func TestWrongRoutes(t *testing.T) {
	to := To("127.0.0.1:1")
	for want, r := range map[string]Route{
		`Upstream: nil`:                            {},
		`Upstream: nil, and`:                       {Split: &Split{Parts: []Part{{Name: "a", Weight: 1}}}},
		`Host: "a:80"`:                             {Host: "a:80", Upstream: to},
		`Host: "*example.com"`:                     {Host: "*example.com", Upstream: to},
		`Host: "*"`:                                {Host: "*", Upstream: to},
		`Host: "*."`:                               {Host: "*.", Upstream: to},
		`Host: ".example.com"`:                     {Host: ".example.com", Upstream: to},
		`Host: "a.*.com"`:                          {Host: "a.*.com", Upstream: to},
		`Host: "example.com."`:                     {Host: "example.com.", Upstream: to},
		`Path: "/a", but there is a PathPrefix`:    {Path: "/a", PathPrefix: "/b", Upstream: to},
		`Path: "a" is no path`:                     {Path: "a", Upstream: to},
		`PathPrefix: "/a?b" is no path`:            {PathPrefix: "/a?b", Upstream: to},
		`Methods: "G T" is no method`:              {Methods: []string{"G T"}, Upstream: to},
		`Headers: Name: "" is no name`:             {Headers: []HeaderMatch{{}}, Upstream: to},
		`Headers: Absent: A has a Value`:           {Headers: []HeaderMatch{{Name: "A", Value: "b", Absent: true}}, Upstream: to},
		`Headers: Regexp: A has a Value, "b"`:      {Headers: []HeaderMatch{{Name: "A", Value: "b", Regexp: "c"}}, Upstream: to},
		"Headers: Regexp: A: error parsing regexp": {Headers: []HeaderMatch{{Name: "A", Regexp: "a)|(b"}}, Upstream: to},
		`Retry: Tries: -1`:                         {Retry: &Retry{Tries: -1}, Upstream: to},
		`Limits: Concurrent: -1`:                   {Limits: &Limits{Concurrent: -1}, Upstream: to},
		`Key: of nothing`:                          {Key: &Key{}, Upstream: to},
		`Shadow: Upstream: nil`:                    {Shadow: &Shadow{}, Upstream: to},
		`Split: Parts: none of 0`:                  {Split: &Split{}, Upstream: to},
		`Rewrite: Prefix: "b"`:                     {Rewrite: &Rewrite{Prefix: "b"}, Upstream: to},
	} {
		var wrong []error
		newRouter([]Route{r}, nil, func(err error) { wrong = append(wrong, err) })
		require.Len(t, wrong, 1, want)
		require.ErrorContains(t, wrong[0], want)
		require.ErrorContains(t, wrong[0], "Routes: entry 0, ")
	}
	var wrong []error
	newRouter([]Route{{Upstream: to}, {Path: "/x", Upstream: to}, {PathPrefix: "/x", Upstream: to}}, nil, func(err error) { wrong = append(wrong, err) })
	require.Len(t, wrong, 1)
	require.ErrorContains(t, wrong[0], `entry 2 has the name of entry 1, "/x"`)
}

// FuzzRouter holds that the index by host finds what looking at all of them does.
func FuzzRouter(f *testing.F) {
	f.Add("example.com,*.example.com,", "/a,/a/b,,/", "www.example.com:80", "/a/b/c")
	f.Add("*.a.b,*.b,a.b", "/,/", "A.b.", "/")
	f.Fuzz(func(t *testing.T, hosts, prefixes, host, path string) {
		to := To("127.0.0.1:1")
		var routes []Route
		for _, h := range strings.Split(hosts, ",") {
			for _, p := range strings.Split(prefixes, ",") {
				routes = append(routes, Route{Name: h + " " + p, Host: h, PathPrefix: p, Upstream: to})
			}
		}
		if len(routes) > 100 {
			return
		}
		r := newRouter(routes, nil, func(error) {})
		x := asking("GET", host, path)
		var want *plan
		for _, p := range slices.Backward(r.plans) {
			if p.matcher.matches(x, bareHost(host), x.path()) && (want == nil || p.matcher.before(&want.matcher) <= 0) {
				want = p
			}
		}
		if got := r.find(x); got != want {
			t.Fatalf("%v, not %v", got, want)
		}
	})
}

func BenchmarkRoute(b *testing.B) {
	to := To("127.0.0.1:1")
	var routes []Route
	for _, host := range []string{"a.example", "b.example", "c.example", "*.example", ""} {
		for _, prefix := range []string{"/a", "/b", "/c/d", "/c"} {
			routes = append(routes, Route{Host: host, PathPrefix: prefix, Upstream: to})
		}
	}
	r := newRouter(routes, nil, func(err error) { b.Error(err) })
	x := asking("GET", "b.example", "/c/x", "Accept", "*/*", "User-Agent", "x")
	b.ReportAllocs()
	for b.Loop() {
		r.find(x)
	}
}
