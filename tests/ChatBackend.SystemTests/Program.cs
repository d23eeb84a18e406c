using ChatBackend.SystemTests;
using ChatBackend.SystemTests.Campaign;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The tests, as xunit's own entry point runs them; or the fault campaign at length.
if (args is not ["campaign", .. var rest])
{
    return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
        ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await ConsoleRunner.Run(args);
}

var result = await new FaultCampaign(CampaignOptions.Parse(rest), Console.WriteLine).RunAsync();
Console.WriteLine(result);
return result.IsKept ? 0 : 1;
