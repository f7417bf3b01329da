using System.Collections.Immutable;
using Turnpike.Compiler.Hosts;
using Turnpike.Routing;

namespace Turnpike.Compiler.Incremental;

/// <summary>A question about the owners of hosts, and its answer.</summary>
internal readonly record struct OwnerAnswer(OwnerQuestion Question, string Namespace, string Host, PathMatch Path, string? Answer);

internal enum OwnerQuestion
{
    MayServe,
    HasPath,
    HasRest,
    KindOfHolder,
}

/// <summary>
/// Queries the owners of hosts on behalf of a unit, and records the answers. A unit stays valid when new owners give the same answers, so
/// units must query the owners only through this class.
/// </summary>
internal sealed class OwnerQuestions(Unit.Recorder recorder)
{
    private const string Yes = "yes";

    /// <summary>The current owners.</summary>
    public HostOwners Owners { get; set; } = null!;

    /// <inheritdoc cref="HostOwners.MayServe"/>
    public bool MayServe(string ns, string host) => Ask(OwnerQuestion.MayServe, ns, host, default) is not null;

    /// <inheritdoc cref="HostOwners.HasPath"/>
    public bool HasPath(string ns, string host, PathMatch path) => Ask(OwnerQuestion.HasPath, ns, host, path) is not null;

    /// <inheritdoc cref="HostOwners.HasRest"/>
    public bool HasRest(string ns, string host) => Ask(OwnerQuestion.HasRest, ns, host, default) is not null;

    /// <inheritdoc cref="HostOwners.KindOfHolder"/>
    public string? KindOfHolder(string host, PathMatch path) => Ask(OwnerQuestion.KindOfHolder, "", host, path);

    /// <summary>Returns true when the current owners give the same answers as before.</summary>
    public bool AreAnsweredAlike(ImmutableArray<OwnerAnswer> answers)
    {
        foreach (ref readonly var answer in answers.AsSpan())
        {
            if (Find(answer.Question, answer.Namespace, answer.Host, answer.Path) != answer.Answer)
                return false;
        }
        return true;
    }

    private string? Ask(OwnerQuestion question, string ns, string host, PathMatch path)
    {
        var answer = Find(question, ns, host, path);
        recorder.Add(new OwnerAnswer(question, ns, host, path, answer));
        return answer;
    }

    private string? Find(OwnerQuestion question, string ns, string host, PathMatch path) => question switch
    {
        OwnerQuestion.MayServe => Owners.MayServe(ns, host) ? Yes : null,
        OwnerQuestion.HasPath => Owners.HasPath(ns, host, path) ? Yes : null,
        OwnerQuestion.HasRest => Owners.HasRest(ns, host) ? Yes : null,
        _ => Owners.KindOfHolder(host, path),
    };
}
