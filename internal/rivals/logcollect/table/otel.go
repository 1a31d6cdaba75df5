package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

func runOtel(ctx context.Context, j job) error {
	s, err := j.lines()
	if err != nil {
		return err
	}
	c := fileconsumer.NewConfig()
	c.Include = []string{filepath.Join(j.dir, "*.log")}
	c.StartAt = "beginning"
	c.TrimConfig.PreserveLeading, c.TrimConfig.PreserveTrailing = true, true
	emit := func(_ context.Context, lines [][]byte, _ map[string]any, _ int64, _ []int64) error {
		s.write(lines...)
		return s.flush()
	}
	m, err := c.Build(componenttest.NewNopTelemetrySettings(), emit)
	if err != nil {
		return err
	}
	state, err := openState(filepath.Join(j.dir, "otel.state"))
	if err != nil {
		return err
	}
	if err := m.Start(state); err != nil {
		return err
	}
	<-ctx.Done()
	return errors.Join(m.Stop(), s.flush())
}

// A state keeps offsets in a file, which is replaced at each change.
type state struct {
	name string
	mu   sync.Mutex
	data map[string][]byte
}

func openState(name string) (*state, error) {
	s := &state{name: name, data: map[string][]byte{}}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, &s.data)
}

func (s *state) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[key], nil
}

func (s *state) Set(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[key] = value
	return s.save()
}

func (s *state) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.data, key)
	return s.save()
}

func (s *state) Batch(_ context.Context, ops ...*storage.Operation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = s.data[op.Key]
		case storage.Set:
			s.data[op.Key], changed = op.Value, true
		case storage.Delete:
			delete(s.data, op.Key)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s.save()
}

func (s *state) save() error {
	text, err := json.Marshal(s.data)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.name+".tmp", text, 0o644); err != nil {
		return err
	}
	return os.Rename(s.name+".tmp", s.name)
}
