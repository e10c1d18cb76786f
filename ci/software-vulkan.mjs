// Mesa's software driver of Vulkan (lavapipe), as the GPU of a machine that has none. It is unpacked from Debian's packages into `.cache/` on first use;
// nothing is installed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';
/** ONNX Runtime needs Mesa 25 or later, and bookworm itself has 22. */
const BACKPORTS = ['mesa-vulkan-drivers', 'libdrm2'];
/** What the driver and the Vulkan loader need beside the C library, which every system has. */
const STABLE =
  'libvulkan1 libllvm15 libelf1 libwayland-client0 libx11-xcb1 libxcb-dri3-0 libxcb-present0 libxcb-randr0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb1 libxshmfence1 libxau6 libxdmcp6 libbsd0 libmd0 libffi8 libedit2 libz3-4 libtinfo6 libxml2 libicu72';

/**
 * The environment in which a process finds the driver, and no other one.
 * @returns {{ LD_LIBRARY_PATH: string, VK_DRIVER_FILES: string, VK_ICD_FILENAMES: string, MESA_SHADER_CACHE_DIR: string }}
 * @throws if it cannot be had here
 */
export function softwareVulkan() {
  const folder = fileURLToPath(new URL('../.cache/software-vulkan', import.meta.url));
  if (!existsSync(folder)) setUp(folder);
  const driver = join(folder, 'lvp_icd.json');
  return {
    LD_LIBRARY_PATH: join(folder, 'root/usr/lib/x86_64-linux-gnu'),
    VK_DRIVER_FILES: driver,
    VK_ICD_FILENAMES: driver,
    // Compiled shaders are kept, so that only the first run is slow.
    MESA_SHADER_CACHE_DIR: join(folder, 'shaders'),
  };
}

function setUp(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`there are packages for Linux on x64, and this is ${process.platform} ${process.arch}`);
  if (!existsSync(KEYRING)) throw new Error(`this is no Debian: ${KEYRING} is missing`);
  console.log('setting up .cache/software-vulkan (once, 53 MB to load)…');
  const made = `${folder}.${process.pid}`;
  rmSync(made, { recursive: true, force: true });
  try {
    download(made);
    const root = join(made, 'root');
    const debs = join(made, 'debs');
    for (const deb of readdirSync(debs)) execFileSync('dpkg-deb', ['-x', join(debs, deb), root]);
    for (const rest of ['debs', 'lists', 'archives', 'sources.list']) rmSync(join(made, rest), { recursive: true });
    const library = join(folder, 'root/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so');
    const ICD = { api_version: '1.4.305', library_path: library };
    writeFileSync(join(made, 'lvp_icd.json'), JSON.stringify({ ICD, file_format_version: '1.0.0' }));
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw new Error(`Debian's packages cannot be loaded: ${error.stderr ?? error.message}`);
  }
}

/** Loads the packages with apt, which checks their signatures, in folders of our own. */
function download(folder) {
  for (const part of ['debs', 'lists/partial', 'archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  const sources = ['bookworm', 'bookworm-backports'].map((suite) => `deb [signed-by=${KEYRING}] ${MIRROR} ${suite} main\n`);
  writeFileSync(join(folder, 'sources.list'), sources.join(''));
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': folder,
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '2',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args) =>
    execFileSync('apt-get', [...options, '-q', ...args], { cwd: join(folder, 'debs'), encoding: 'utf8', stdio: 'pipe' });
  apt('update');
  apt('download', ...BACKPORTS.map((name) => `${name}/bookworm-backports`), ...STABLE.split(' '));
}
