package jsonsource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/files"
)

// maxRulesFile is how many bytes rules may have.
const maxRulesFile = 1 << 20

// fileRule is a Rule as a file has it: with the name of its kind.
type fileRule struct {
	Rule `yaml:",inline"`
	Kind string `yaml:"kind"`
}

// ReadRules is ParseRules of a file. A relative path is one in root, nil: in the
// working directory.
func ReadRules(root *os.Root, path string) ([]Rule, error) {
	text, err := files.Read(root, path, maxRulesFile)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	rules, err := ParseRules(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}

// ParseRules reads rules in YAML, and so in JSON: an object whose member "rules"
// is a list, each with the fields of a [Rule] in lower case. kind is the name of
// one. A word that it does not know is an error, and so is a second document.
func ParseRules(text []byte) ([]Rule, error) {
	if len(text) > maxRulesFile {
		return nil, fmt.Errorf("the rules have more than %d bytes", maxRulesFile)
	}
	var file struct {
		Rules []fileRule `yaml:"rules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		if several := new(yaml.TypeError); errors.As(err, &several) {
			return nil, errors.New(strings.Join(several.Errors, "; ")) // on one line
		}
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the rules")
	}
	rules := make([]Rule, len(file.Rules))
	for i, r := range file.Rules {
		kind, ok := kindOf(r.Kind)
		if !ok {
			return nil, fmt.Errorf("%v: kind: %q is none of gauge, counter, updowncounter, info, stateset", &r.Rule, r.Kind)
		}
		rules[i] = r.Rule
		rules[i].Kind = kind
	}
	if _, err := compile(rules); err != nil {
		return nil, err
	}
	return rules, nil
}

func kindOf(name string) (metrics.Kind, bool) {
	for _, k := range []metrics.Kind{metrics.Gauge, metrics.Counter, metrics.UpDownCounter, metrics.Info, metrics.StateSet} {
		if k.String() == name {
			return k, true
		}
	}
	return metrics.Unknown, name == ""
}
