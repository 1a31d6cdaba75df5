package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/valyala/fastjson"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/jsonsource"
)

// jsonRows is a document of 1 MB for 7,000 rows, with two values and two labels
// each, beside what nobody asks for.
func jsonRows(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"rows": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"id": "row-%05d", "zone": "zone-%d", "state": "ACTIVE", "count": %d, "seconds": %.3f, "tags": ["a", "b"], "note": "an \"entry\" of the table"}`, i, i%8, i*37, float64(i)*1.37)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

var (
	rowCount = metrics.Desc{Name: "row.count", Kind: metrics.Counter, Help: "A counter."}
	rowTime  = metrics.Desc{Name: "row.time", Unit: "s", Kind: metrics.Gauge, Help: "A gauge."}
)

// rowLabels are those that are known, as a source keeps them.
type rowLabels map[[2]string]*metrics.Labels

func (r rowLabels) of(id, zone []byte) *metrics.Labels {
	l := r[[2]string{string(id), string(zone)}]
	if l == nil {
		l = metrics.NewLabels("id", string(id), "zone", string(zone))
		r[[2]string{string(id), string(zone)}] = l
	}
	return l
}

// selectors make 14,000 points of a document.
func selectors(p plan) ([]contender, error) {
	n := 7000 / p.size
	text := jsonRows(n)
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "rows.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	labels := map[string]string{"id": "@.id", "zone": "@.zone"}
	source := &jsonsource.Source{File: file, Strict: true, Rules: []jsonsource.Rule{
		{Name: "row.count", Kind: metrics.Counter, Path: "$.rows[*].count", Labels: labels},
		{Name: "row.time", Unit: "s", Path: "$.rows[*].seconds", Labels: labels},
	}}
	batch := new(metrics.Batch)
	// with reads the file as a source has to, and counts what came of it.
	with := func(take func(text []byte, count, time *metrics.Family) error) func() error {
		return func() error {
			batch.Reset()
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			count, time := batch.Family(rowCount), batch.Family(rowTime)
			if err := take(text, count, time); err != nil {
				return err
			}
			if len(count.Points)+len(time.Points) != 2*n {
				return errors.New("points are missing")
			}
			return nil
		}
	}
	var parser fastjson.Parser
	fastLabels, gLabels, stdLabels := rowLabels{}, rowLabels{}, rowLabels{}
	return []contender{
		{name: "floor: fastjson, by hand", bytes: len(text), close: func() { os.RemoveAll(dir) }, run: with(func(text []byte, count, time *metrics.Family) error {
			v, err := parser.ParseBytes(text)
			if err != nil {
				return err
			}
			for _, row := range v.GetArray("rows") {
				l := fastLabels.of(row.GetStringBytes("id"), row.GetStringBytes("zone"))
				count.Add(l, metrics.Int(row.GetInt64("count")))
				time.Add(l, metrics.Float(row.GetFloat64("seconds")))
			}
			return nil
		})},
		{name: "podpatterns, rules", bytes: len(text), run: func() error {
			batch.Reset()
			if err := source.Collect(context.Background(), batch); err != nil {
				return err
			}
			if source.Stats().Values%uint64(2*n) != 0 {
				return errors.New("points are missing")
			}
			return nil
		}},
		{name: "gjson after Valid, by hand", bytes: len(text), run: with(func(text []byte, count, time *metrics.Family) error {
			if !gjson.ValidBytes(text) {
				return errors.New("no JSON")
			}
			gjson.GetBytes(text, "rows").ForEach(func(_, row gjson.Result) bool {
				l := gLabels.of([]byte(row.Get("id").Str), []byte(row.Get("zone").Str))
				count.Add(l, metrics.Int(row.Get("count").Int()))
				time.Add(l, metrics.Float(row.Get("seconds").Num))
				return true
			})
			return nil
		})},
		{name: "encoding/json, a struct by hand", bytes: len(text), run: with(func(text []byte, count, time *metrics.Family) error {
			var doc struct {
				Rows []struct {
					ID, Zone string
					Count    int64
					Seconds  float64
				}
			}
			if err := json.Unmarshal(text, &doc); err != nil {
				return err
			}
			for _, row := range doc.Rows {
				l := stdLabels.of([]byte(row.ID), []byte(row.Zone))
				count.Add(l, metrics.Int(row.Count))
				time.Add(l, metrics.Float(row.Seconds))
			}
			return nil
		})},
	}, nil
}
