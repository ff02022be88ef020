using Microsoft.ML.ConvNet;
using Microsoft.ML.ConvNet.Benchmarks;

const string usage = """
    Measures the engine; not part of the tests. Run on an idle machine, in Release.

      train   --net NAME --batch N --threads N --seconds S  images per second in training; with --device gpu, or gpu0, gpu1 …, on a GPU,
                                                            and there with --libraries on|off|tf32: cuBLAS and cuDNN, where they are found
      infer   --net NAME --batch N --threads N --seconds S  images per second in prediction
      plan    --net NAME --batch N --threads N --mode train|infer
                                                            the steps of a plan and their kernels
      profile --net NAME --batch N --threads N --seconds S --mode train|infer
                                                            the time of each step of a plan
      kernels --threads N --seconds S                       single kernels, best time of each
      gemm    --size N --threads N --seconds S              GFLOP/s of a matrix product, and the share of the FMA peak
      peers   --net NAME,NAME|all --mode train|infer --threads N --seconds S --rounds N
                                                            us and PyTorch or ONNX Runtime in turns, with targets; see benchmarks/peers
      startup --net NAME --batch N --threads N --rounds N   milliseconds from a process's start to the end of its first step
      layers  --layer TEXT --threads N --seconds S --mode train|infer
                                                            the convolutions whose title has TEXT, by every algorithm in every layout;
                                                            in inference those of one image, whose weights stay
      micro   ARGUMENTS OF BENCHMARKDOTNET                  single operations by BenchmarkDotNet, such as: micro --filter *Gemm*

    NAME is one of: 
    """;

var commands = new Dictionary<string, (Action<Options> Run, Options Defaults)>
{
    ["train"] = (NetworkBenchmark.Train, new Options()),
    ["infer"] = (NetworkBenchmark.Infer, new Options()),
    ["plan"] = (NetworkBenchmark.Describe, new Options()),
    ["profile"] = (NetworkBenchmark.Profile, new Options()),
    ["kernels"] = (KernelBenchmark.Run, new Options()),
    ["layers"] = (LayerBenchmark.Run, new Options()),
    ["gemm"] = (GemmBenchmark.Run, new Options()),
    ["peers"] = (PeerBenchmark.Run, new Options { Net = "all" }),
    ["startup"] = (StartupBenchmark.Run, new Options { Rounds = 10 }),
};

if (args is ["micro", .. var own])
    return MicroBenchmarks.Run(own);
if (args is not [var name, .. var rest] || !commands.TryGetValue(name, out var command))
{
    Console.WriteLine(usage + string.Join(", ", Networks.Names));
    return 2;
}

try
{
    command.Run(Options.Parse(rest, command.Defaults));
    return 0;
}
catch (Exception error) when (error is ArgumentException or InvalidOperationException or GpuUnavailableException)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
