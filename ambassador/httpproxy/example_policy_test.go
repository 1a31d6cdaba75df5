package httpproxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
)

// A new version gets what testers ask for, and a hundredth of the users, always the
// same ones.
func ExampleSplit() {
	server := func(name string) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name) }))
	}
	stable, canary := server("stable"), server("canary")
	defer stable.Close()
	defer canary.Close()
	proxy := httptest.NewServer(&httpproxy.Proxy{
		Routes: []httpproxy.Route{{
			Host: "shop.example", PathPrefix: "/cart",
			Split: &httpproxy.Split{
				By:     &httpproxy.Key{Cookie: "user", Address: true},
				Header: "X-Version",
				Parts: []httpproxy.Part{
					{Name: "stable", Weight: 99, Upstream: httpproxy.To(stable.Listener.Addr().String())},
					{Name: "canary", Weight: 1, Upstream: httpproxy.To(canary.Listener.Addr().String())},
				},
			},
		}},
	})
	defer proxy.Close()
	for _, version := range []string{"stable", "canary"} {
		r, _ := http.NewRequest("GET", proxy.URL+"/cart/items", nil)
		r.Host = "shop.example"
		r.Header.Set("X-Version", version)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(string(text))
	}
	// Output:
	// stable
	// canary
}

// Retries alone, for any client of net/http. The body has no GetBody, and needs none.
func ExampleRetry_RoundTripper() {
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if tries++; tries < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "%s, at try %d", text, tries)
	}))
	defer server.Close()
	client := &http.Client{Transport: (&httpproxy.Retry{}).RoundTripper(nil)}
	r, _ := http.NewRequest("PUT", server.URL, io.MultiReader(strings.NewReader("hello")))
	res, err := client.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	fmt.Println(string(text))
	// Output: hello, at try 3
}

// Limits alone, before any handler.
func ExampleLimits_Handler() {
	busy := make(chan bool)
	limits := &httpproxy.Limits{Concurrent: 1}
	h := limits.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { busy <- true; <-busy }))
	go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	<-busy
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	busy <- true
	// Output: 503 1
}
