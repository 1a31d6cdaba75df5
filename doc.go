// Package podpatterns is a library of composable building blocks for
// multi-container pods: one container has one responsibility, and the main
// container gets helpers, told apart by purpose. A sidecar extends or enhances
// it through the files that both share, an ambassador takes over its network
// connections, an adapter turns its output into a standard form.
package podpatterns
