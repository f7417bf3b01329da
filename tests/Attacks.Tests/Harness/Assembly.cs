using Xunit.Sdk;
using Xunit.v3;

// One attack at a time: its figures are its own.
[assembly: Parallelization(Mode = ParallelMode.None)]
