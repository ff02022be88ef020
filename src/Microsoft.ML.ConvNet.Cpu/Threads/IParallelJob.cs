namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Work cut into chunks that may run in any order and on any thread.</summary>
internal interface IParallelJob
{
    void Execute(int chunk);
}
