using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>
/// Runs the other tests of this assembly again on a processor that seems to lack instructions: the kernels choose their width
/// when the process starts.
/// </summary>
public class InstructionSetTests
{
    [WithInstructionsFact("AVX-512")]
    public void The_kernels_are_right_without_Avx512() => RunAgain("DOTNET_EnableAVX512");

    [WithInstructionsFact("AVX2")]
    public void The_kernels_are_right_without_Avx2() => RunAgain("DOTNET_EnableAVX2");

    private static void RunAgain(string variable)
    {
        var assembly = typeof(InstructionSetTests).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", ["vstest", assembly, $"--TestCaseFilter:FullyQualifiedName!~{nameof(InstructionSetTests)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [variable] = "0" },
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{variable}=0:\n{output}\n{error.Result}");
    }

    /// <summary>Skips where the processor lacks the instructions anyway: then the other tests have run without them.</summary>
    private sealed class WithInstructionsFactAttribute : FactAttribute
    {
        public WithInstructionsFactAttribute(string instructions)
        {
            var supported = instructions == "AVX-512" ? Avx512F.IsSupported : Avx2.IsSupported;
            if (!supported)
                Skip = $"This processor has no {instructions}; the other tests have run without it.";
        }
    }
}
