using Turnpike.Compiler.Incremental;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>
/// Makes the route table of the ingress out of a snapshot. Pure: the same snapshot gives the same table and the same diagnostics.
/// What cannot be used is left out with a diagnostic and never hurts its neighbours.
/// </summary>
public static class RouteCompiler
{
    public static Compilation Compile(ClusterSnapshot snapshot) => new IncrementalCompiler().Compile(snapshot);

    /// <summary>
    /// Returns the diagnostics and the owners of the hosts that <see cref="Compile"/> gives, without the cost of a table: no index, no
    /// certificate.
    /// </summary>
    public static Diagnosis Diagnose(ClusterSnapshot snapshot) => WithinLimits.Run(snapshot, (state, now) => state.Diagnose(now, withEndpoints: true));

    /// <summary>Returns the diagnostics of one object. That is less work than <see cref="Diagnose(ClusterSnapshot)"/> where it is no Service.</summary>
    public static IEnumerable<Diagnostic> Diagnose(ClusterSnapshot snapshot, ObjectKey subject) =>
        WithinLimits.Run(snapshot, (state, now) => state.Diagnose(now, withEndpoints: subject.Kind == Api.Kinds.Service))
            .Diagnostics.Where(d => d.Subject == subject);
}

/// <summary>
/// Compiles one snapshot after the other, and does again only what a change concerns. The outcome is that of
/// <see cref="RouteCompiler.Compile"/>, and what has not changed is the same object as before. Not thread-safe.
/// </summary>
public sealed class IncrementalCompiler
{
    private CompilationState? _state;

    public Compilation Compile(ClusterSnapshot snapshot)
    {
        var state = _state is { } known && known.Serves(snapshot) ? known : new CompilationState(snapshot, enforceLimits: false);
        // A failure leaves nothing half done behind.
        _state = null;
        var compilation = state.Compile(snapshot);
        _state = state;
        return compilation ?? new CompilationState(snapshot, enforceLimits: true).Compile(snapshot)!;
    }
}

/// <summary>Runs a compilation as if there was room for everything, and once more, in order and with the limits, if there was not.</summary>
internal static class WithinLimits
{
    public static T Run<T>(ClusterSnapshot snapshot, Func<CompilationState, ClusterSnapshot, T?> compile)
        where T : class =>
        compile(new CompilationState(snapshot, enforceLimits: false), snapshot) ?? compile(new CompilationState(snapshot, enforceLimits: true), snapshot)!;
}
