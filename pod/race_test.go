//go:build race

package pod_test

// raceEnabled makes the longest tests shorter, which a race detector makes slow.
const raceEnabled = true
