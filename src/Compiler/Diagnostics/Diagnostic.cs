using System.Collections.Immutable;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>A finding of the compiler about one object.</summary>
/// <param name="Subject">The object that the finding is about.</param>
/// <param name="Severity">Whether the object, or a part of it, is left out.</param>
/// <param name="Reason">One of <see cref="DiagnosticReasons"/>: a CamelCase word for conditions and events.</param>
/// <param name="Message">One sentence that names the field, without a full stop.</param>
public sealed record Diagnostic(ObjectKey Subject, DiagnosticSeverity Severity, string Reason, string Message)
{
    /// <summary>
    /// The message with details that belong to other namespaces; null when it has none. It is for the log and for commands that read the
    /// cluster with their user's own rights. <see cref="Message"/> is written to the object, where everyone with access to its namespace
    /// can read it.
    /// </summary>
    public string? AdminMessage { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Severity == DiagnosticSeverity.Error ? "error" : "warning")}: {Subject}: {Reason}: {Message}" + (AdminMessage is null ? "" : $" [for administrators: {AdminMessage}]");

    internal static int Compare(Diagnostic x, Diagnostic y)
    {
        var order = x.Subject.CompareTo(y.Subject);
        if (order == 0)
            order = x.Severity.CompareTo(y.Severity);
        if (order == 0)
            order = string.CompareOrdinal(x.Reason, y.Reason);
        if (order == 0)
            order = string.CompareOrdinal(x.Message, y.Message);
        return order != 0 ? order : string.CompareOrdinal(x.AdminMessage, y.AdminMessage);
    }
}

public enum DiagnosticSeverity
{
    /// <summary>The object, or the part that the message names, is left out.</summary>
    Error,

    /// <summary>The object is used, but perhaps not as meant.</summary>
    Warning,
}

/// <summary>The diagnostics of a snapshot, without its table.</summary>
/// <param name="Diagnostics">The diagnostics, in the order of their objects.</param>
/// <param name="Hosts">The owners of the hosts.</param>
public sealed record Diagnosis(ImmutableArray<Diagnostic> Diagnostics, HostOwners Hosts);

/// <summary>The outcome of a compilation.</summary>
/// <param name="Table">The table. It has no version yet, because <see cref="TableResources"/> computes one only when it is needed.</param>
/// <param name="Diagnostics">The diagnostics, in the order of their objects.</param>
/// <param name="Hosts">The owners of the hosts in this table.</param>
public sealed record Compilation(RouteTable Table, ImmutableArray<Diagnostic> Diagnostics, HostOwners Hosts);

/// <summary>The reasons of <see cref="Diagnostic"/>s.</summary>
public static class DiagnosticReasons
{
    /// <summary>The object breaks a rule of its kind and is left out as a whole.</summary>
    public const string Invalid = "Invalid";

    /// <summary>The object is allowed, but a part of it has no effect.</summary>
    public const string NoEffect = "NoEffect";

    /// <summary>An annotation of another controller limits access, and it is not enforced.</summary>
    public const string GuardNotEnforced = "GuardNotEnforced";

    public const string BackendNotFound = "BackendNotFound";
    public const string BackendNotHttp = "BackendNotHttp";

    /// <summary>A backend speaks TLS, and its certificate is not verified.</summary>
    public const string BackendNotVerified = "BackendNotVerified";
    public const string SecretNotFound = "SecretNotFound";

    /// <summary>The Secret has not been read yet, so it is not known whether it exists.</summary>
    public const string SecretNotRead = "SecretNotRead";
    public const string CertificateTaken = "CertificateTaken";
    public const string HostPathTaken = "HostPathTaken";

    /// <summary>The host belongs to another namespace, or this namespace may not serve it.</summary>
    public const string HostNotPermitted = "HostNotPermitted";

    /// <summary>Requests may not be sent to an address of a service's endpoints.</summary>
    public const string EndpointNotPermitted = "EndpointNotPermitted";
    public const string DestinationNotFound = "DestinationNotFound";
    public const string NotPermitted = "NotPermitted";
    public const string NeverReached = "NeverReached";

    /// <summary>The object, or a part of it, is left out because its namespace takes more than the mesh settings allow it.</summary>
    public const string LimitExceeded = "LimitExceeded";
}
