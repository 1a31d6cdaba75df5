package redis

import (
	"slices"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// told is text that becomes the labels of an info metric, which are made anew
// only when it changes.
type told struct {
	now  []metrics.Label
	made *metrics.Labels
	of   []metrics.Label // made
}

const maxText = 200 // bytes of a label

func (t *told) begin() { t.now = t.now[:0] }

func (t *told) add(name string, value []byte) {
	value = value[:min(len(value), maxText)]
	if i := len(t.now); i < len(t.of) && t.of[i].Name == name && t.of[i].Value == string(value) {
		t.now = append(t.now, t.of[i])
		return
	}
	if len(t.now) < 100 { // there are not so many, but the same one may come again and again
		t.now = append(t.now, metrics.Label{Name: name, Value: string(value)})
	}
}

func (t *told) labels() *metrics.Labels {
	if !slices.Equal(t.now, t.of) {
		t.made, t.of = metrics.LabelsOf(t.now), slices.Clone(t.now)
	}
	return t.made
}
