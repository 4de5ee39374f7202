import Driver
import Glibc

StandardDescriptors.secure()
SignalHandlers.install()
DescriptorLimit.raise()
exit(Tool(Array(CommandLine.arguments.dropFirst()), .standard()).run())
