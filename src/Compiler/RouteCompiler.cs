using Turnpike.Compiler.Incremental;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>
/// Compiles a snapshot to the route table of the ingress. It is pure: the same snapshot gives the same table and the same diagnostics. An
/// object that cannot be used is left out with a diagnostic, and never affects other objects.
/// </summary>
public static class RouteCompiler
{
    public static Compilation Compile(ClusterSnapshot snapshot) => new IncrementalCompiler().Compile(snapshot);

    /// <summary>
    /// Returns the same diagnostics and owners of the hosts as <see cref="Compile"/>, without the cost of the table's indices and
    /// certificates.
    /// </summary>
    public static Diagnosis Diagnose(ClusterSnapshot snapshot) => WithinLimits.Run(snapshot, (state, now) => state.Diagnose(now, withEndpoints: true));

    /// <summary>
    /// Returns the diagnostics of one object. That is less work than <see cref="Diagnose(ClusterSnapshot)"/> when the object is not a
    /// Service.
    /// </summary>
    public static IEnumerable<Diagnostic> Diagnose(ClusterSnapshot snapshot, ObjectKey subject) =>
        WithinLimits.Run(snapshot, (state, now) => state.Diagnose(now, withEndpoints: subject.Kind == Api.Kinds.Service))
            .Diagnostics.Where(d => d.Subject == subject);
}

/// <summary>
/// Compiles one snapshot after the other, and repeats only the work that a change concerns. The outcome equals that of
/// <see cref="RouteCompiler.Compile"/>, and its unchanged parts are the same objects as before. Not thread-safe.
/// </summary>
public sealed class IncrementalCompiler
{
    private CompilationState? _state;

    public Compilation Compile(ClusterSnapshot snapshot)
    {
        var state = _state is { } known && known.Serves(snapshot) ? known : new CompilationState(snapshot, enforceLimits: false);
        // The state is dropped while it is in use, so that a failure leaves no half-updated state behind.
        _state = null;
        var compilation = state.Compile(snapshot);
        _state = state;
        return compilation ?? new CompilationState(snapshot, enforceLimits: true).Compile(snapshot)!;
    }
}

/// <summary>
/// Runs a compilation without enforcing the limits. If a namespace turns out to be beyond them, it runs again in order and with the limits.
/// </summary>
internal static class WithinLimits
{
    public static T Run<T>(ClusterSnapshot snapshot, Func<CompilationState, ClusterSnapshot, T?> compile)
        where T : class =>
        compile(new CompilationState(snapshot, enforceLimits: false), snapshot) ?? compile(new CompilationState(snapshot, enforceLimits: true), snapshot)!;
}
