package web_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

func TestExposition(t *testing.T) {
	var e web.Exposition
	e.Family("empty", web.Gauge, "Has no samples, and is left out.")
	e.Family("up", web.Gauge, "A back\\slash and a\nbreak.")
	e.Sample(1)
	e.Family("seconds_total", web.Counter, "Labels.")
	e.Sample(0.00083, "name", "a \"quoted\\\" one\nin two lines", "other", "bad \xff byte")
	e.Sample(math.Inf(1), "name", "")
	e.Sample(math.Inf(-1), "name", "x")
	e.Sample(math.NaN(), "name", "y")
	e.Sample(1e21, "name", "z")
	e.Family("state", web.Gauge, "One of two.")
	e.OneOf("state", "on", []string{"on", "off"}, "name", "a")
	require.Equal(t, `# HELP up A back\\slash and a\nbreak.
# TYPE up gauge
up 1
# HELP seconds_total Labels.
# TYPE seconds_total counter
seconds_total{name="a \"quoted\\\" one\nin two lines",other="bad `+"\uFFFD"+` byte"} 0.00083
seconds_total{name=""} +Inf
seconds_total{name="x"} -Inf
seconds_total{name="y"} NaN
seconds_total{name="z"} 1e+21
# HELP state One of two.
# TYPE state gauge
state{name="a",state="on"} 1
state{name="a",state="off"} 0
`, e.String())
}
