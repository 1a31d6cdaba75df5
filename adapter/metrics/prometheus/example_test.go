package prometheus_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/prometheus"
)

// What a program prints as text becomes the model, and from there any format.
func ExampleReader() {
	var r prometheus.Reader
	var b metrics.Batch
	err := r.Text(strings.NewReader(`# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total{kind="mail"} 7
`), &b)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := metrics.OpenMetrics.Write(os.Stdout, &b); err != nil {
		fmt.Println(err)
	}

	// Output:
	// # HELP jobs Jobs done.
	// # TYPE jobs counter
	// jobs_total{kind="mail"} 7
	// # EOF
}
