using Microsoft.ML.ConvNet.Benchmarks;

const string usage = """
    Measures the engine; not part of the tests. Run on an idle machine, in Release.

      train  --net NAME --batch N --threads N --seconds S   images per second in training
      infer  --net NAME --batch N --threads N --seconds S   images per second in prediction
      plan   --net NAME --batch N --threads N               the steps of a training plan and their kernels
      profile --net NAME --batch N --threads N --seconds S  the time of each step of a training plan
      kernels --threads N --seconds S                       single kernels, best time of each
      layers --layer TEXT --threads N --seconds S           the convolutions whose title has TEXT, by every algorithm in every layout
      gemm   --size N --threads N --seconds S               GFLOP/s of a matrix product, and the share of the FMA peak

    NAME is one of: 
    """;

try
{
    var options = Options.Parse(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "train":
            NetworkBenchmark.Train(options);
            return 0;
        case "infer":
            NetworkBenchmark.Infer(options);
            return 0;
        case "plan":
            NetworkBenchmark.Describe(options);
            return 0;
        case "profile":
            NetworkBenchmark.Profile(options);
            return 0;
        case "kernels":
            KernelBenchmark.Run(options);
            return 0;
        case "layers":
            LayerBenchmark.Run(options);
            return 0;
        case "gemm":
            GemmBenchmark.Run(options);
            return 0;
        default:
            Console.WriteLine(usage + string.Join(", ", Networks.Names));
            return 2;
    }
}
catch (ArgumentException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
