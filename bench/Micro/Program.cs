using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Turnpike.Bench.Micro;

// In this process: the benchmarks are compiled by the build, with its settings, and not once more by the tool. The job is short because
// allocations do not vary and times are compared by their order of magnitude.
var config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddLogger(ConsoleLogger.Default);
if (args is [var artifacts])
    config.ArtifactsPath = artifacts;
var summary = BenchmarkRunner.Run<PipelineBenchmark>(config);
var benchmark = new PipelineBenchmark();
await benchmark.SetUpAsync();
CpuTime.Report(benchmark);
return summary.HasCriticalValidationErrors || summary.Reports.Any(r => !r.Success) ? 1 : 0;
