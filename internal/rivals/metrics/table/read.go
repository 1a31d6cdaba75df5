package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	ours "github.com/podpatterns/podpatterns/adapter/metrics/prometheus"
)

// readers read gauges, counters and histograms, over and over the same series, as
// a scrape does.
func readers(p plan) ([]contender, error) {
	text, open, err := texts(p)
	if err != nil {
		return nil, err
	}
	parse := func(input []byte, make func([]byte, *labels.SymbolTable) textparse.Parser) func() error {
		symbols := labels.NewSymbolTable()
		return func() error { return parseAll(make(input, symbols)) }
	}
	var reader, openReader ours.Reader
	var batch metrics.Batch
	return []contender{
		{name: "floor: lines counted", bytes: len(text), run: func() error {
			if bytes.Count(text, []byte{'\n'}) == 0 {
				return errors.New("no line")
			}
			return nil
		}},
		{name: "podpatterns, text 0.0.4", bytes: len(text), run: func() error {
			batch.Reset()
			return reader.Text(bytes.NewReader(text), &batch)
		}},
		{name: "podpatterns, OpenMetrics", bytes: len(open), run: func() error {
			batch.Reset()
			return openReader.OpenMetrics(bytes.NewReader(open), &batch)
		}},
		{name: "expfmt, text 0.0.4", bytes: len(text), run: func() error {
			parser := expfmt.NewTextParser(model.LegacyValidation)
			_, err := parser.TextToMetricFamilies(bytes.NewReader(text))
			return err
		}},
		{name: "textparse, text 0.0.4, labels made", bytes: len(text), run: parse(text, func(b []byte, st *labels.SymbolTable) textparse.Parser {
			return textparse.NewPromParser(b, st, false)
		})},
		{name: "textparse, OpenMetrics, labels made", bytes: len(open), run: parse(open, func(b []byte, st *labels.SymbolTable) textparse.Parser {
			return textparse.NewOpenMetricsParser(b, st)
		})},
	}, nil
}

// parseAll makes the labels of each series, as what stores them has to if it does
// not know them yet.
func parseAll(p textparse.Parser) error {
	var l labels.Labels
	for {
		entry, err := p.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if entry == textparse.EntrySeries {
			p.Series()
			p.Labels(&l)
		}
	}
}

// texts are the same metrics as text and as OpenMetrics.
func texts(p plan) (text, open []byte, err error) {
	b := mixture(50, 500/p.size)
	var t, o bytes.Buffer
	if err := metrics.Text.Write(&t, b); err != nil {
		return nil, nil, err
	}
	err = metrics.OpenMetrics.Write(&o, b)
	return t.Bytes(), o.Bytes(), err
}
