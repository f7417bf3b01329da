using Turnpike.Hosting.Admission;

namespace Turnpike.OperatorSdk;

/// <summary>What a webhook class answers when it fails. Without the attribute: no.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FailurePolicyAttribute(AdmissionFailure onFailure) : Attribute
{
    public AdmissionFailure OnFailure => onFailure;
}
