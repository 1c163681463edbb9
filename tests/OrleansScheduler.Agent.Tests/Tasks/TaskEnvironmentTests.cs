namespace OrleansScheduler.Agent.Tests;

public sealed class TaskEnvironmentTests
{
    private static readonly TaskEnvironment Environment = Create();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("${PORT_HTTP}", "31001")]
    [InlineData("http://${NODE}:${PORT_HTTP}/${INSTANCE}", "http://node-1:31001/3")]
    [InlineData("${JOB} ${ROLE} ${ENV} ${NAME}", "shop/prod/web shop prod web")]
    [InlineData("${ATTEMPT}", "shop/prod/web/3#2")]
    [InlineData("${SANDBOX}", "/state/attempts/shop~prod~web~3~2/sandbox")]
    [InlineData("${HOME} $HOME ${x", "${HOME} $HOME ${x")]
    [InlineData("${X:-${INSTANCE}}", "${X:-3}")]
    [InlineData("${}${INSTANCE}", "${}3")]
    [InlineData("${PORT_OTHER}", "${PORT_OTHER}")]
    public void Only_known_names_are_replaced(string text, string expected) => Assert.Equal(expected, Environment.Substitute(text));

    [Theory]
    [InlineData("http", "PORT_HTTP")]
    [InlineData("http-admin.v2", "PORT_HTTP_ADMIN_V2")]
    public void The_variable_of_a_port_is_upper_case_without_punctuation(string port, string variable) =>
        Assert.Equal(variable, TaskEnvironment.PortVariable(port));

    [Fact]
    public void A_task_learns_which_devices_and_items_are_its_own()
    {
        var environment = Create(record => record with { Devices = [0, 3], Items = ["fpga=f1", "key=k2"] });

        foreach (var name in (string[])["OSCHED_GPUS", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"])
            Assert.Equal("0,3", environment.Variables[name]);
        Assert.Equal("fpga=f1,key=k2", environment.Variables["OSCHED_ITEMS"]);
        Assert.Equal("0,3 fpga=f1,key=k2", environment.Substitute("${GPUS} ${ITEMS}"));
    }

    [Fact]
    public void A_task_without_devices_or_items_is_told_of_none() => Assert.DoesNotContain(
        Environment.Variables.Keys, name => name.Contains("GPUS") || name.Contains("DEVICES") || name.Contains("ITEMS"));

    private static TaskEnvironment Create(Func<AttemptRecord, AttemptRecord>? change = null)
    {
        var spec = new TaskSpec { Command = ["true"], Ports = ["http"] };
        var id = new AttemptId(JobKey.Parse("shop/prod/web"), Instance: 3, Number: 2);
        var record = new AttemptRecord { Name = id.ToString(), Spec = "", BootId = "", At = default, Ports = [31001] };
        return new(new(new("/state", id), change?.Invoke(record) ?? record, spec), spec, "node-1", "");
    }
}
