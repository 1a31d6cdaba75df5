package nginx_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/nginx"
)

func ExampleSource() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "Active connections: 2 \nserver accepts handled requests\n 7 7 9 \nReading: 0 Writing: 1 Waiting: 1 \n")
	}))
	defer server.Close()

	source := &nginx.Source{URL: server.URL + "/stub_status"}
	var batch metrics.Batch
	if err := source.Collect(context.Background(), &batch); err != nil {
		panic(err)
	}
	for _, family := range batch.Families() {
		fmt.Println(family.Name, family.Points[0].Value.Float())
	}
	// Output:
	// nginx_connections_active 2
	// nginx_connections_reading 0
	// nginx_connections_writing 1
	// nginx_connections_waiting 1
	// nginx_connections_accepted_total 7
	// nginx_connections_handled_total 7
	// nginx_http_requests_total 9
}
