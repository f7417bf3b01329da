using Turnpike.Hosting.Admission;

namespace Turnpike.OperatorSdk;

/// <summary>The decision when a webhook class fails. Without the attribute the request is denied.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FailurePolicyAttribute(AdmissionFailure onFailure) : Attribute
{
    public AdmissionFailure OnFailure => onFailure;
}
