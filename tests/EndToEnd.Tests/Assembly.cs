using Turnpike.Tests.EndToEnd;
using Xunit.Sdk;
using Xunit.v3;

// One cluster, one story at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Cluster))]
