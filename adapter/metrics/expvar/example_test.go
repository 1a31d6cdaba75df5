package expvar_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/expvar"
)

func ExampleSource() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"cmdline": ["web"], "Requests": {"GET": 5, "POST": 2}}`)
	}))
	defer server.Close()

	source := &expvar.Source{URL: server.URL + "/debug/vars", Prefix: "web_"}
	var batch metrics.Batch
	if err := source.Collect(context.Background(), &batch); err != nil {
		panic(err)
	}
	for _, point := range batch.Families()[0].Points {
		fmt.Println(batch.Families()[0].Name, point.Labels.Text(), point.Value.Float())
	}
	// Output:
	// web_requests key="GET" 5
	// web_requests key="POST" 2
}
