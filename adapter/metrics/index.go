package metrics

import (
	"bytes"
	"html/template"
)

var indexPage = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>podpatterns metrics</title>
<style>body{font:16px sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style></head>
<body><h1>podpatterns metrics</h1>
<ul>
<li><a href="/metrics">/metrics</a>: by Accept one of {{range $i, $f := .Formats}}{{if $i}}, {{end}}<code>{{$f.ContentType}}</code>{{end}}</li>
<li><a href="/metrics.json">/metrics.json</a></li>
<li><a href="/healthz">/healthz</a></li>
</ul>
<table><tr><th>source</th><th>last collection</th><th>points</th><th>took</th><th>last error</th></tr>
{{range .Sources}}<tr><td>{{.Name}}</td><td>{{if not .Collections}}none yet{{else if .Up}}worked{{else}}failed{{end}}</td><td>{{.Points}}</td><td>{{.Duration}}</td><td>{{.LastError}}</td></tr>
{{end}}</table></body></html>
`))

func (r *run) index() []byte {
	var sources []SourceStats
	for _, s := range r.slots {
		sources = append(sources, s.snapshot())
	}
	var page bytes.Buffer
	if err := indexPage.Execute(&page, map[string]any{"Formats": r.formats, "Sources": sources}); err != nil {
		return []byte(err.Error())
	}
	return page.Bytes()
}
