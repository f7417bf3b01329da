using Turnpike.Primitives;

namespace Turnpike.Tests.Routing.Primitives;

public sealed class SettingTests
{
    private static readonly TimeSpan Fallback = TimeSpan.FromSeconds(45);

    [Fact]
    public void Timeout_TellsDefaultDisabledAndValueApart()
    {
        Assert.Equal(Fallback, TimeoutSetting.Default.Or(Fallback));
        Assert.Null(TimeoutSetting.Disabled.Or(Fallback));
        Assert.Equal(TimeSpan.FromSeconds(2), TimeoutSetting.Of(TimeSpan.FromSeconds(2)).Or(Fallback));
        Assert.Equal(TimeoutSetting.Disabled, TimeoutSetting.FromWritten(TimeSpan.Zero));
        Assert.Equal(default, TimeoutSetting.Default);
        Assert.Throws<ArgumentOutOfRangeException>(() => TimeoutSetting.Of(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimeoutSetting.Of(TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void Limit_TellsDefaultUnlimitedAndValueApart()
    {
        Assert.Equal(1024, LimitSetting.Default.Or(1024));
        Assert.Equal(int.MaxValue, LimitSetting.Unlimited.Or(1024));
        Assert.Equal(5, LimitSetting.Of(5).Or(1024));
        Assert.Equal(LimitSetting.Unlimited, LimitSetting.FromWritten(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LimitSetting.Of(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LimitSetting.Of(-1));
    }
}
