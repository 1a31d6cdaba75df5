package metrics

var knownOfRuntime []Desc
