package metrics

func defaultSources(container string) []namedSource {
	return []namedSource{
		{"process", &Process{Container: container}},
		{"cgroup", optional{&Cgroup{Container: container}}},
	}
}
