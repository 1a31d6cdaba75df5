//go:build !race

package pod

const RaceEnabled = false
